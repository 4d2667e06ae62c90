import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { serve } from '@/shared/testing/service'
import { Connection } from './connection'

const account = { user: 'agent1001-browser', secret: 's', domain: 'hotline.test', socket_url: 'ws://hotline.test/sip', ice_servers: [] }

/** Socket that opens, and behind which a telephony system answers when the test says so. */
class Socket {
  static made: Socket[] = []
  readonly [state: string]: unknown
  readonly OPEN = 1
  readyState = 1
  sent: string[] = []
  onopen = (): void => {}
  onmessage: (event: { data: string }) => void = () => {}

  constructor() {
    Socket.made.push(this)
    queueMicrotask(() => this.onopen())
  }

  send(text: string): void {
    this.sent.push(text)
  }

  close(): void {
    this.readyState = 3
  }

  get registers(): string[] {
    return this.sent.filter((text) => text.startsWith('REGISTER '))
  }

  /** Accept the last request to register. */
  accept(): void {
    const header = (name: string) => new RegExp(`^${name}: .*$`, 'im').exec(this.registers.at(-1) ?? '')?.[0] ?? ''
    const lines = ['Via', 'From', 'To', 'Call-ID', 'CSeq', 'Contact'].map(header)
    this.onmessage({ data: ['SIP/2.0 200 OK', ...lines, 'Content-Length: 0', '', ''].join('\r\n') })
  }
}

const last = () => Socket.made.at(-1) as Socket

describe('a registration without an answer', () => {
  const [online, lost] = [vi.fn(), vi.fn()]
  let connection: Connection

  beforeEach(() => {
    serve({ 'POST /agents/me/phone': account })
    Socket.made = []
    vi.stubGlobal('WebSocket', Socket)
    vi.useFakeTimers()
    const ignored = vi.fn()
    connection = new Connection({ online, lost, refused: ignored, rings: ignored, answered: ignored, ended: ignored, remoteAudio: ignored, inVoice: () => false })
  })

  afterEach(() => {
    connection.stop({ hangUp: false })
    vi.clearAllMocks()
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })

  /** Start, and wait until the phone asks to be registered. */
  async function registering(): Promise<void> {
    connection.start()
    await vi.waitFor(() => expect(last()?.registers.length).toBe(1))
  }

  it('over an open socket is said, and tried again over another one', async () => {
    await registering()
    await vi.advanceTimersByTimeAsync(7900)
    expect(lost).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(100)
    expect(lost).toHaveBeenCalledExactlyOnceWith('server-away', expect.any(Number))
    await vi.waitFor(() => expect(Socket.made.length).toBe(2))
    await vi.waitFor(() => expect(last().registers.length).toBe(1))
    last().accept()
    expect(online).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(40_000)
    expect(lost).toHaveBeenCalledTimes(1)
  })

  it('that renews one is tried again, too', async () => {
    await registering()
    last().accept()
    await vi.advanceTimersByTimeAsync(55_000)
    expect(last().registers.length).toBe(2)
    last().accept()
    await vi.advanceTimersByTimeAsync(55_000)
    expect(last().registers.length).toBe(3)
    expect(lost).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(8000)
    expect(lost).toHaveBeenCalledExactlyOnceWith('server-away', expect.any(Number))
    await vi.waitFor(() => expect(Socket.made.length).toBe(2))
  })
})
