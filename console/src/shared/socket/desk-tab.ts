const NAME = 'hotline-desk'
const CLAIM_MS = 500
const ANSWER_MS = 1500

/** What the tab with the desk answers to another; `silent`: it cannot answer. */
export type DeskAnswer = 'busy' | 'given' | 'given_in_shift' | 'silent'
type Message = { type: 'busy?' | 'give' } | { type: 'answer'; answer: DeskAnswer }

interface DeskTabEvents {
  /** Return whether a call is here, which cannot move. */
  busy: () => boolean
  /** Let the desk go; returns whether its phone was in a shift. */
  give: () => boolean
}

/** Lets one tab of the browser have the agent's desk; another gets it when it asks. */
export class DeskTab {
  readonly #events: DeskTabEvents
  readonly #channel = new BroadcastChannel(NAME)
  #has = false
  #release: (() => void) | null = null
  #answered: ((answer: DeskAnswer) => void) | null = null

  constructor(events: DeskTabEvents) {
    this.#events = events
    this.#channel.addEventListener('message', ({ data }: MessageEvent<Message>) => this.#heard(data))
  }

  /** Take the desk where no tab has it. Without locks, on a page without https, every tab may. */
  async claim(): Promise<boolean> {
    // A page that is just being reloaded still has it for a moment.
    return !('locks' in navigator) || (await this.#hold({ signal: AbortSignal.timeout(CLAIM_MS) }))
  }

  /** Return whether another tab is in a call. */
  async othersBusy(): Promise<boolean> {
    return (await this.#ask('busy?')) === 'busy'
  }

  /** Take the desk from the tab that has it, unless that one is in a call. */
  async takeOver(): Promise<DeskAnswer> {
    const answer = await this.#ask('give')
    if (answer !== 'busy') await this.#hold({ steal: true })
    return answer
  }

  close(): void {
    this.#release?.()
    this.#channel.close()
  }

  async #ask(type: 'busy?' | 'give'): Promise<DeskAnswer> {
    return await new Promise((resolve) => {
      this.#answered = resolve
      setTimeout(() => resolve('silent'), ANSWER_MS)
      this.#send({ type })
    })
  }

  async #hold(options: LockOptions): Promise<boolean> {
    return await new Promise((resolve) => {
      const held = navigator.locks.request(NAME, options, async () => {
        this.#has = true
        resolve(true)
        await new Promise<void>((release) => (this.#release = release))
      })
      held.catch(() => {
        // Not free in time, or another tab took it.
        this.#has = false
        resolve(false)
      })
    })
  }

  #heard(message: Message): void {
    if (message.type === 'answer') return this.#answered?.(message.answer)
    if (!this.#has) return
    const busy = this.#events.busy()
    if (busy || message.type === 'busy?') return this.#send({ type: 'answer', answer: busy ? 'busy' : 'given' })
    this.#has = false
    this.#send({ type: 'answer', answer: this.#events.give() ? 'given_in_shift' : 'given' })
  }

  #send(message: Message): void {
    this.#channel.postMessage(message)
  }
}
