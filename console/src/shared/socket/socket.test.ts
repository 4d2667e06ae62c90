import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { DeskConnection, type Link } from './connection'
import { useDesk } from './desk'
import type { Pop, ServerMessage } from './messages'

class FakeSocket extends EventTarget {
  static made: FakeSocket[] = []
  static readonly OPEN = 1
  readyState = 1
  sent: string[] = []

  constructor() {
    super()
    FakeSocket.made.push(this)
  }

  send(text: string): void {
    this.sent.push(text)
  }

  close(): void {
    this.readyState = 3
  }

  hear(message: object): void {
    this.dispatchEvent(new MessageEvent('message', { data: JSON.stringify(message) }))
  }

  end(code: number): void {
    this.dispatchEvent(new CloseEvent('close', { code }))
  }
}

const say = (message: object) => useDesk().apply(message as ServerMessage)
const last = () => FakeSocket.made.at(-1) as FakeSocket

describe('the connection of the desk', () => {
  let links: Link[]
  let connection: DeskConnection

  beforeEach(() => {
    vi.useFakeTimers()
    vi.stubGlobal('WebSocket', FakeSocket)
    FakeSocket.made = []
    links = []
    connection = new DeskConnection({ message: () => {}, link: (link) => links.push(link) })
    connection.open()
  })

  afterEach(() => {
    connection.close()
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })

  it('comes back with longer and longer pauses', () => {
    last().hear({ type: 'welcome' })
    const pauses = [400, 800, 1600].map((longest) => {
      const before = FakeSocket.made.length
      last().end(1006)
      vi.advanceTimersByTime(longest / 2 - 1)
      expect(FakeSocket.made).toHaveLength(before)
      vi.advanceTimersByTime(longest / 2 + 1)
      return FakeSocket.made.length - before
    })
    expect(pauses).toEqual([1, 1, 1])
    expect(links).toEqual(['connecting', 'open', 'lost', 'lost', 'lost', 'lost', 'lost', 'lost'])
  })

  it('gives up a socket that answers nothing', () => {
    last().hear({ type: 'welcome' })
    vi.advanceTimersByTime(15_000)
    expect(last().sent).toEqual(['{"type":"ping"}'])
    vi.advanceTimersByTime(6_000)
    expect(links.at(-1)).toBe('lost')
  })

  it('stays away where the desk was opened elsewhere, until it is told to take over', () => {
    last().end(4001)
    vi.advanceTimersByTime(60_000)
    expect(FakeSocket.made).toHaveLength(1)
    expect(links.at(-1)).toBe('replaced')
    connection.open()
    expect(FakeSocket.made).toHaveLength(2)
  })
})

describe('the state of the desk', () => {
  const pop = { id: 'p-1', call_id: 'c-1' } as Pop

  it('keeps a pop that is sent twice, and drops it with its call only', () => {
    const desk = useDesk()
    say({ type: 'pop', pop })
    const first = desk.pop
    say({ type: 'pop', pop: { ...pop } })
    expect(desk.pop).toBe(first)
    say({ type: 'pop_closed', call_id: 'another' })
    expect(desk.pop).toBe(first)
    say({ type: 'pop_closed', call_id: 'c-1' })
    expect(desk.pop).toBeNull()
  })

  it('is whole after a welcome', () => {
    const desk = useDesk()
    const agent = { type: 'agent', agent_id: 'a', state: 'talking', since_ms: 1, call_id: 'c-1' }
    say({ type: 'welcome', now_ms: Date.now() + 5000, pop, draft: { call_id: 'c-1', fields: { subject: 'x' } }, snapshot: { agent, queues: [], agents: [], calls: [] } })
    expect([desk.state, desk.pop?.id, desk.draft?.fields]).toEqual(['talking', 'p-1', { subject: 'x' }])
    expect(Math.round(desk.aheadMs / 100)).toBe(50)
  })
})
