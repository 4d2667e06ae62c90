import { afterEach, describe, expect, it, vi } from 'vitest'
import { ApiProblem, NETWORK } from '@/shared/api/problems'
import { GATHERING_MS, gatheringCut } from './ice'
import { callerOf } from './caller'
import { levelOf } from './microphone'
import { microphoneProblem, serviceProblem, unfit } from './problems'
import { LONGEST_PAUSE_MS, pauseMs } from './retry'
import { ringOf, stretches } from './ringing'
import { newState, remember } from './state'

afterEach(() => vi.useRealTimers())

describe('gathering of addresses', () => {
  it('ends a moment after the first one, once', () => {
    vi.useFakeTimers()
    const ready = vi.fn()
    const candidate = gatheringCut()
    candidate({ ready })
    candidate({ ready })
    vi.advanceTimersByTime(GATHERING_MS - 1)
    expect(ready).not.toHaveBeenCalled()
    vi.advanceTimersByTime(GATHERING_MS)
    expect(ready).toHaveBeenCalledTimes(1)
  })
})

describe('pauses between tries', () => {
  it('grow up to a limit, and differ between pages', () => {
    expect(pauseMs(0, 0)).toBe(250)
    expect(pauseMs(0, 1)).toBe(500)
    expect(pauseMs(3, 1)).toBe(4000)
    expect(pauseMs(30, 1)).toBe(LONGEST_PAUSE_MS)
    expect(pauseMs(30, 0)).toBe(LONGEST_PAUSE_MS / 2)
  })
})

describe('the ring', () => {
  it('sounds and pauses in turn', () => {
    expect(stretches([1, 4], 11)).toEqual([
      [0, 1],
      [5, 6],
      [10, 11],
    ])
    expect(stretches([0.5, 0.25, 0.5, 2], 3)).toEqual([
      [0, 0.5],
      [0.75, 1.25],
    ])
  })
})

describe('the ring of an account', () => {
  it('is the one that was chosen, and the usual one where this version does not know it', () => {
    expect(ringOf({ ring_tone: 'soft', ring_volume: 40 })).toEqual({ tone: 'soft', volume: 0.4 })
    expect(ringOf({ ring_tone: 'gong', ring_volume: 0 })).toEqual({ tone: 'classic', volume: 0 })
  })
})

describe('what goes wrong', () => {
  it.each([
    ['NotAllowedError', 'microphone-refused'],
    ['NotFoundError', 'microphone-missing'],
    ['NotReadableError', 'microphone-busy'],
    ['SomethingNew', 'microphone-busy'],
  ])('a microphone says %s', (name, problem) => {
    expect(microphoneProblem(new DOMException('', name))).toBe(problem)
  })

  it('a service that is away is not one that refuses', () => {
    expect(serviceProblem(new ApiProblem(0, NETWORK, '', []))).toBe('server-away')
    expect(serviceProblem(new ApiProblem(503, 'telephony-away', '', []))).toBe('server-away')
    expect(serviceProblem(new ApiProblem(409, 'no-phone-account', '', []))).toBe('server-refused')
    expect(serviceProblem(new TypeError('broken'))).toBe('server-away')
  })

  it('a page without https or an old browser cannot be a phone', () => {
    const able = { RTCPeerConnection: {}, AudioContext: {}, navigator: { mediaDevices: {}, locks: {} } }
    expect(unfit({ isSecureContext: true, ...able })).toBeNull()
    expect(unfit({ isSecureContext: false, ...able })).toBe('insecure-page')
    expect(unfit({ isSecureContext: true, ...able, navigator: { mediaDevices: {} } })).toBe('browser-too-old')
  })
})

describe('levels', () => {
  it('are nothing in silence and one at full scale', () => {
    expect(levelOf(new Float32Array(64))).toBe(0)
    expect(levelOf(new Float32Array(64).fill(1))).toBe(1)
    expect(levelOf(new Float32Array(64).fill(0.0316))).toBeCloseTo(0.5, 1)
    expect(levelOf(new Float32Array(0))).toBe(0)
  })
})

describe('callers', () => {
  it.each([
    ['13800000001', '13800000001'],
    ['anonymous', ''],
    ['Anonymous', ''],
    [null, ''],
  ])('%s is shown as "%s"', (user, shown) => {
    expect(callerOf(user)).toBe(shown)
  })
})

describe('choices', () => {
  it('are there in the next shift', () => {
    const state = newState()
    state.devices.ear = 'headset'
    remember(state)
    expect(newState().devices.ear).toBe('headset')
  })

  it('of another version do no harm', () => {
    localStorage.setItem('hotline.phone', '{"devices":{"ear":7}}')
    expect(newState().devices.ear).toBe('')
    localStorage.setItem('hotline.phone', 'no json')
    expect(newState().stage).toBe('off')
  })
})
