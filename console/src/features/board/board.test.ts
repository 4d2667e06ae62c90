import { describe, expect, it } from 'vitest'
import { serve, show } from '@/shared/testing/service'
import type { BoardCall, Presence, QueueState } from '@/shared/socket/messages'
import AgentOrders from './components/AgentOrders.vue'
import { counted, ordersOf, queueTone, shownCalls, sorted } from './board'

const agent = (agent_id: string, state: Presence['state'], since_ms: number) => ({ agent_id, state, since_ms }) as Presence
const queue = (waiting: number, longest_wait_ms: number, ready: number) => ({ waiting, longest_wait_ms, agents: { ready } }) as unknown as QueueState

describe('the board', () => {
  const agents = [agent('a', 'ready', 5), agent('b', 'talking', 9), agent('c', 'talking', 2), agent('d', 'not_ready', 1)]

  it('puts the longest call first', () => {
    expect(sorted(agents).map((one) => one.agent_id)).toEqual(['c', 'b', 'a', 'd'])
  })

  it('counts agents by state', () => {
    expect(counted(agents)).toEqual([['talking', 2], ['ready', 1], ['not_ready', 1]])
  })

  it('warns of callers who wait', () => {
    expect([queue(0, 0, 2), queue(0, 0, 0), queue(3, 5000, 0), queue(1, 90_000, 1)].map(queueTone)).toEqual(['good', 'plain', 'warn', 'bad'])
  })

  const call = (stage: BoardCall['stage'], mode?: 'listen' | 'barge', staff_id = 'boss') =>
    ({ call_id: stage, stage, since_ms: 1, agent_id: 'a', supervisor: mode ? { staff_id, mode, name: '', answered: true } : null }) as BoardCall

  it('offers what a supervisor may do about a call', () => {
    expect(ordersOf(call('queued'), 'boss')).toEqual(['pull'])
    expect(ordersOf(call('ringing'), 'boss')).toEqual([])
    expect(ordersOf(call('talking'), 'boss')).toEqual(['listen', 'whisper', 'barge', 'take-over'])
    expect(ordersOf(call('talking', 'listen'), 'boss')).toEqual(['whisper', 'barge', 'take-over', 'leave'])
    expect(ordersOf(call('talking', 'barge', 'other'), 'boss')).toEqual([])
    expect(ordersOf(call('talking'), 'a')).toEqual([])
  })

  it('leaves out calls in a menu', () => {
    expect(shownCalls([call('flow'), call('talking')]).map((one) => one.stage)).toEqual(['talking'])
  })
})

describe('the order about an agent', () => {
  it('asks for its reason at the field, and goes with one', async () => {
    serve({})
    const form = show(AgentOrders, { agent: { agent_id: 'a', name: '李敏', staff_number: '1001' }, busy: false })
    await form.trigger('submit')
    expect([form.find('.field-error').text(), form.emitted('send')]).toEqual(['请填写原因，至少 2 个字', undefined])
    await form.find('input').setValue(' 请来班长台 ')
    await form.trigger('submit')
    expect(form.emitted('send')).toEqual([[{ agent_id: 'a', kind: 'ready', reason: '请来班长台' }]])
    form.unmount()
  })
})
