import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { flushPromises } from '@vue/test-utils'
import { Sound } from './sound'
import { newState } from './state'

class Track extends EventTarget {
  readyState = 'live'
  enabled = true
  stop = () => (this.readyState = 'ended')
}

const streamOf = (track: Track) => ({ getAudioTracks: () => [track], getTracks: () => [track] }) as unknown as MediaStream

describe('a headset', () => {
  const tracks: Track[] = []
  const devices = {
    getUserMedia: vi.fn(async () => {
      tracks.push(new Track())
      return streamOf(tracks.at(-1) as Track)
    }),
    enumerateDevices: vi.fn(async (): Promise<{ kind: string; deviceId: string; label: string }[]> => []),
  }
  const sinks: string[] = []
  const report = vi.fn()
  let dead = false

  beforeEach(() => {
    tracks.length = sinks.length = 0
    report.mockReset()
    vi.stubGlobal('navigator', { ...navigator, mediaDevices: devices })
    vi.stubGlobal(
      'Audio',
      class {
        setSinkId = async (id: string) => {
          if (dead) throw new DOMException('', 'AbortError')
          sinks.push(id)
        }
      },
    )
  })

  afterEach(() => vi.unstubAllGlobals())

  it('that is unplugged in a call gives way to another microphone, which the call speaks into', async () => {
    const sound = new Sound(newState(), report, () => ({ tone: 'off', volume: 0 }))
    const taken = vi.fn()
    sound.whenReplaced(taken)
    await sound.openMicrophone()
    sound.speak(true)

    tracks[0]?.stop()
    tracks[0]?.dispatchEvent(new Event('ended'))
    await flushPromises()
    expect(tracks).toHaveLength(2)
    expect(tracks[1]?.enabled, 'the call goes on unmuted').toBe(true)
    expect(taken).toHaveBeenCalledTimes(1)
  })

  it('that is gone leaves the ear with the system’s default, and gets it back when it is there again', async () => {
    const state = newState()
    state.devices.ear = 'headset'
    const sound = new Sound(state, report, () => ({ tone: 'off', volume: 0 }))
    await sound.refresh()
    devices.enumerateDevices.mockResolvedValueOnce([{ kind: 'audiooutput', deviceId: 'headset', label: 'Headset' }])
    await sound.refresh()
    expect(sinks).toEqual(['', 'headset'])
    expect(state.devices.ear, 'the choice stays').toBe('headset')
  })

  it('that plays nothing says so, until a device plays', async () => {
    const state = newState()
    const sound = new Sound(state, (problem) => (state.problem = problem), () => ({ tone: 'off', volume: 0 }))
    dead = true
    await sound.refresh()
    expect(state.problem).toBe('no-output')
    dead = false
    await sound.refresh()
    expect(state.problem).toBeNull()

    state.devices.ear = 'headset'
    devices.enumerateDevices.mockResolvedValueOnce([{ kind: 'audiooutput', deviceId: 'headset', label: 'Headset' }])
    dead = true
    await sound.refresh()
    expect(state.problem).toBe('no-output')
    dead = false
    await sound.pick('ear', '')
    expect(state.problem, 'the system’s speaker plays').toBeNull()
  })

  it('that is the only one says so when it is gone', async () => {
    vi.stubGlobal('navigator', { ...navigator, userAgentData: {}, mediaDevices: devices })
    const sound = new Sound(newState(), report, () => ({ tone: 'off', volume: 0 }))
    await sound.refresh()
    expect(report).toHaveBeenCalledWith('no-output')
  })

  it('without a microphone left says so', async () => {
    const sound = new Sound(newState(), report, () => ({ tone: 'off', volume: 0 }))
    await sound.openMicrophone()
    devices.getUserMedia.mockRejectedValueOnce(new DOMException('', 'NotFoundError'))
    tracks[0]?.stop()
    tracks[0]?.dispatchEvent(new Event('ended'))
    await flushPromises()
    expect(report).toHaveBeenCalledWith('microphone-missing')
  })
})
