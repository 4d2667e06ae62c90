import { beforeEach, describe, expect, it, vi } from 'vitest'
import { Calls } from './calls'
import { Emitter } from './emitter'
import { newState } from './state'

const stream = {} as MediaStream

function house(microphone: MediaStream | null = stream) {
  const state = newState()
  const line = {
    answer: vi.fn(),
    decline: vi.fn(),
    hangUp: vi.fn(),
    expectReplacement: vi.fn(),
    stats: vi.fn(async () => null),
  }
  const sound = {
    ring: vi.fn(async () => {}),
    quiet: vi.fn(),
    speak: vi.fn(),
    hear: vi.fn(),
    openMicrophone: vi.fn(async () => microphone),
  }
  const report = vi.fn()
  const emitter = new Emitter()
  const calls = new Calls(state, sound as never, emitter, () => line as never, report)
  return { state, line, sound, report, emitter, calls }
}

beforeEach(() => {
  document.title = 'Hotline'
})

describe('a call', () => {
  it('rings in sound and title until it is answered', async () => {
    const { state, line, sound, emitter, calls } = house()
    const rung = vi.fn()
    emitter.on('ring', rung)

    calls.rings('13800000001')
    expect(state.call).toMatchObject({ stage: 'ringing', number: '13800000001' })
    expect(sound.ring).toHaveBeenCalledTimes(1)
    expect(rung).toHaveBeenCalledTimes(1)
    expect(document.title).toBe('☎ Hotline')

    await calls.answer()
    expect(line.answer).toHaveBeenCalledWith(stream)
    expect(sound.quiet).toHaveBeenCalled()
    calls.answered()
    expect(state.call?.stage).toBe('talking')
    expect(document.title).toBe('Hotline')

    calls.ended('Terminated')
    expect(state.call).toBeNull()
    expect(sound.speak).toHaveBeenLastCalledWith(false)
  })

  it('is answered once, however often the button is pressed', async () => {
    const { line, calls } = house()
    calls.rings('1')
    await Promise.all([calls.answer(), calls.answer()])
    expect(line.answer).toHaveBeenCalledTimes(1)
  })

  it('rings on where the microphone does not open', async () => {
    const { state, line, calls } = house(null)
    calls.rings('1')
    await calls.answer()
    expect(line.answer).not.toHaveBeenCalled()
    expect(state.call?.stage).toBe('ringing')
  })

  it('of the own conversation is answered without a ring, and only once', async () => {
    const { state, line, sound, calls } = house()
    calls.expectOwn()
    expect(line.expectReplacement).toHaveBeenCalled()
    calls.rings('1')
    await vi.waitFor(() => expect(line.answer).toHaveBeenCalledTimes(1))
    expect(sound.ring).not.toHaveBeenCalled()
    calls.ended('Terminated')
    calls.rings('2')
    expect(state.call?.stage).toBe('ringing')
  })

  it('is declined while it rings, and hung up after that', async () => {
    const { line, calls } = house()
    calls.rings('1')
    calls.hangUp()
    expect(line.decline).toHaveBeenCalledTimes(1)
    await calls.answer()
    calls.hangUp()
    expect(line.hangUp).toHaveBeenCalledTimes(1)
  })

  it('that was not connected is a problem, one that the caller gave up is not', async () => {
    const { report, calls } = house()
    calls.rings('1')
    await calls.answer()
    calls.ended('Canceled')
    expect(report).not.toHaveBeenCalled()
    calls.rings('1')
    await calls.answer()
    calls.ended('Internal Error')
    expect(report).toHaveBeenCalledWith('call-failed')
  })
})
