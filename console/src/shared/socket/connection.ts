import { CLOSED, SOCKET_PATH, SUBPROTOCOL, type DeskCommand, type ServerMessage } from './messages'

/** `replaced`: the desk is open elsewhere; `ended`: the session is over. Both stay until the page connects again. */
export type Link = 'off' | 'connecting' | 'open' | 'lost' | 'replaced' | 'ended'

const FIRST_PAUSE_MS = 400
const LONGEST_PAUSE_MS = 10_000
const PING_MS = 15_000
const PONG_MS = 6_000

interface Hooks {
  message: (message: ServerMessage) => void
  link: (link: Link) => void
}

/** Socket of the desk, which comes back by itself until it is told otherwise. */
export class DeskConnection {
  private socket: WebSocket | null = null
  private tries = 0
  private pause: ReturnType<typeof setTimeout> | undefined
  private heart: ReturnType<typeof setTimeout> | undefined

  constructor(private readonly hooks: Hooks) {}

  /** Connect, now; also where the desk was replaced or is waiting for the next try. */
  open(): void {
    clearTimeout(this.pause)
    if (this.socket !== null) return
    this.hooks.link(this.tries === 0 ? 'connecting' : 'lost')
    const address = new URL(SOCKET_PATH, location.href)
    address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:'
    const socket = new WebSocket(address, SUBPROTOCOL)
    this.socket = socket
    socket.addEventListener('message', (event) => {
      if (this.socket === socket) this.read(event.data as string)
    })
    socket.addEventListener('close', (event) => {
      if (this.socket === socket) this.closed(event.code)
    })
    // A network that swallows packets opens nothing and closes nothing.
    this.expect(PONG_MS)
  }

  /** Close for good. */
  close(): void {
    clearTimeout(this.pause)
    this.drop()
    this.tries = 0
    this.hooks.link('off')
  }

  /** Send a command; return whether it went out. */
  send(command: DeskCommand): boolean {
    if (this.socket?.readyState !== WebSocket.OPEN) return false
    this.socket.send(JSON.stringify(command))
    return true
  }

  private read(text: string): void {
    const message = JSON.parse(text) as ServerMessage
    if (message.type === 'welcome') {
      this.tries = 0
      this.hooks.link('open')
    }
    this.beat()
    this.hooks.message(message)
  }

  /** After each sign of life: ask again later, and expect an answer. */
  private beat(): void {
    clearTimeout(this.heart)
    this.heart = setTimeout(() => {
      this.send({ type: 'ping' })
      this.expect(PONG_MS)
    }, PING_MS)
  }

  private expect(withinMs: number): void {
    clearTimeout(this.heart)
    this.heart = setTimeout(() => this.closed(0), withinMs)
  }

  private closed(code: number): void {
    this.drop()
    if (code === CLOSED.replaced) return this.hooks.link('replaced')
    if (code === CLOSED.signedOut) return this.hooks.link('ended')
    this.tries += 1
    this.hooks.link('lost')
    const longest = Math.min(FIRST_PAUSE_MS * 2 ** (this.tries - 1), LONGEST_PAUSE_MS)
    // Half of it by chance: after a restart not every desk comes at once.
    this.pause = setTimeout(() => this.open(), longest * (0.5 + Math.random() / 2))
  }

  private drop(): void {
    clearTimeout(this.heart)
    const socket = this.socket
    this.socket = null
    socket?.close()
  }
}
