import { describe, expect, it } from 'vitest'
import type { Presence, QueueState } from '@/shared/socket/messages'
import { counted, queueTone, sorted } from './board'

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
})
