import { flushPromises } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope, reactive, type EffectScope } from 'vue'
import { useDesk } from '@/shared/socket/desk'
import type { ServerMessage } from '@/shared/socket/messages'
import { useReturnToCall } from './return-to-call'

const phone = {
  state: reactive({ kind: 'browser', stage: 'online', call: null as object | null }),
  resume: vi.fn(async () => false),
  reconnect: vi.fn(async () => true),
}
vi.mock('./index', () => ({ usePhone: () => phone }))

const say = (message: object) => useDesk().apply(message as ServerMessage)

/** The agent's own call, as the service tells it. */
async function call(state: string, more: object = {}): Promise<void> {
  say({ type: 'agent', state: 'talking', agent_id: 'a', since_ms: 1 })
  say({ type: 'call', call_id: 'c-1', stage: 'talking', state, role: 'agent', since_ms: 1, may: [], ...more })
  await flushPromises()
}

describe('the way back into a call', () => {
  let scope: EffectScope

  beforeEach(() => {
    vi.useFakeTimers()
    phone.resume.mockReset().mockResolvedValue(false)
    phone.reconnect.mockReset().mockResolvedValue(true)
    Object.assign(phone.state, { kind: 'browser', call: null })
    useDesk().link = 'open'
    scope = effectScope()
    scope.run(() => useReturnToCall())
  })

  afterEach(() => {
    scope.stop()
    vi.useRealTimers()
  })

  it('is taken at once where the voice is gone with the page before', async () => {
    await call('away')
    await vi.advanceTimersByTimeAsync(0)
    expect(phone.reconnect).toHaveBeenCalledTimes(1)
  })

  it('waits a moment where the call is still here: a network that faltered brings it back', async () => {
    phone.state.call = {}
    await call('away')
    await vi.advanceTimersByTimeAsync(1000)
    await call('talking')
    await vi.advanceTimersByTimeAsync(5000)
    expect(phone.reconnect).not.toHaveBeenCalled()
  })

  it('is tried again until the service rings', async () => {
    phone.reconnect.mockResolvedValue(false)
    await call('away')
    await vi.advanceTimersByTimeAsync(2500)
    expect(phone.reconnect).toHaveBeenCalledTimes(3)
    await call('returning')
    await vi.advanceTimersByTimeAsync(5000)
    expect(phone.reconnect).toHaveBeenCalledTimes(3)
  })

  it('is taken by a colleague who was asked, and is missed', async () => {
    const party = { kind: 'agent', id: 'a', answered: true, away_since_ms: 5, rings_again: false }
    await call('consulting', { role: 'third', party })
    await vi.advanceTimersByTimeAsync(0)
    expect(phone.reconnect.mock.calls).toEqual([[]])
    await call('consulting', { role: 'third', party: { ...party, rings_again: true } })
    await vi.advanceTimersByTimeAsync(5000)
    expect(phone.reconnect).toHaveBeenCalledTimes(1)
  })

  it('has the page of a colleague rung that was reloaded before the answer', async () => {
    const desk = useDesk()
    desk.link = 'lost'
    await call('consult_ringing', { role: 'third', party: { kind: 'agent', id: 'a', answered: false, away_since_ms: null, rings_again: false } })
    phone.resume.mockResolvedValue(true)
    desk.link = 'open'
    await flushPromises()
    expect(phone.reconnect.mock.calls).toEqual([[{ answers: false }]])
  })

  it('is not taken while the agent who asked is away, by a phone on the table, or with the voice here', async () => {
    await call('away', { role: 'third', party: { kind: 'agent', id: 'a', answered: true, away_since_ms: null, rings_again: false } })
    phone.state.kind = 'desk'
    await call('away', { since_ms: 2 })
    phone.state.kind = 'browser'
    await call('talking')
    await vi.advanceTimersByTimeAsync(5000)
    expect(phone.reconnect).not.toHaveBeenCalled()
  })

  it('is taken by a page that is faster than the service', async () => {
    const desk = useDesk()
    desk.link = 'lost'
    await call('talking')
    phone.resume.mockResolvedValue(true)
    desk.link = 'open'
    await flushPromises()
    expect(phone.reconnect).toHaveBeenCalledTimes(1)
  })

  it('has a page rung that was reloaded while it rang, without an answer by itself', async () => {
    const desk = useDesk()
    desk.link = 'lost'
    say({ type: 'agent', state: 'ringing', agent_id: 'a', since_ms: 1 })
    await flushPromises()
    phone.resume.mockResolvedValue(true)
    desk.link = 'open'
    await flushPromises()
    expect(phone.reconnect.mock.calls).toEqual([[{ answers: false }]])
  })
})
