const LOCK = 'hotline-phone'
const CHANNEL = 'hotline-phone'

type Message =
  | { type: 'state'; state: unknown }
  | { type: 'show' }
  | { type: 'let-go' }
  | { type: 'do'; action: string; values: unknown[] }

export interface OwnershipEvents {
  /** This tab owns the phone from now on. */
  owned: () => void
  /** Another tab asks for the phone; return whether it may have it. */
  asked: () => boolean
  /** The owner's state, in a tab that mirrors it. */
  mirrored: (state: unknown) => void
  /** A button was pressed in a tab that mirrors. */
  asksFor: (action: string, values: unknown[]) => void
  /** A mirror opened: send the state. */
  shown: () => void
}

/** Lets one tab of the browser be the phone; the others mirror it. */
export class Ownership {
  readonly #events: OwnershipEvents
  readonly #channel = new BroadcastChannel(CHANNEL)
  #release: (() => void) | null = null
  #waiting: AbortController | null = null

  constructor(events: OwnershipEvents) {
    this.#events = events
    this.#channel.addEventListener('message', ({ data }: MessageEvent<Message>) => this.#heard(data))
  }

  get owns(): boolean {
    return this.#release !== null
  }

  /** Become the owner where no tab is; else wait for it. Returns whether this tab is the owner. */
  async claim(): Promise<boolean> {
    if (this.owns) return true
    const owned = await this.#request({ ifAvailable: true })
    if (!owned && this.#waiting === null) {
      this.#waiting = new AbortController()
      void this.#wait(this.#waiting.signal)
      this.#channel.postMessage({ type: 'show' } satisfies Message)
    }
    return owned
  }

  /** Ask the owner to let go; this tab waits for the lock already. */
  ask(): void {
    this.#channel.postMessage({ type: 'let-go' } satisfies Message)
  }

  letGo(): void {
    this.#waiting?.abort()
    this.#waiting = null
    this.#release?.()
    this.#release = null
  }

  show(state: unknown): void {
    if (this.owns) this.#channel.postMessage({ type: 'state', state } satisfies Message)
  }

  order(action: string, values: unknown[]): void {
    this.#channel.postMessage({ type: 'do', action, values } satisfies Message)
  }

  async #wait(signal: AbortSignal): Promise<void> {
    const owned = await this.#request({ signal })
    this.#waiting = null
    if (owned) this.#events.owned()
  }

  async #request(options: LockOptions): Promise<boolean> {
    return await new Promise((resolve) => {
      navigator.locks
        .request(LOCK, options, async (lock) => {
          if (lock === null) return resolve(false)
          await new Promise<void>((release) => {
            this.#release = release
            resolve(true)
          })
        })
        .catch(() => resolve(false))
    })
  }

  #heard(message: Message): void {
    if (message.type === 'state') {
      if (!this.owns) this.#events.mirrored(message.state)
      return
    }
    if (!this.owns) return
    if (message.type === 'show') this.#events.shown()
    else if (message.type === 'do') this.#events.asksFor(message.action, message.values)
    else if (this.#events.asked()) this.letGo()
  }
}
