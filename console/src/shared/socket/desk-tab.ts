const NAME = 'hotline-desk'
const ANSWER_MS = 1500
/** A page that is being reloaded lets go when its machine gets to it. */
const RELOADED_MS = 10_000

/** What the tab with the desk answers to another; `silent`: it cannot answer. */
type Answer = 'busy' | 'given' | 'given_in_shift' | 'silent'
export type DeskAnswer = Exclude<Answer, 'silent'>
type Message = { type: 'busy?' | 'give'; id: string } | { type: 'answer'; id: string; answer: Answer }

interface DeskTabEvents {
  /** Return whether a call is here, which cannot move. */
  busy: () => boolean
  /** Let the desk go; returns whether its phone was in a shift. */
  give: () => boolean
}

/** A lock that says something about the tab that holds it: others read it, however slow that tab is. */
class Mark {
  readonly #name: string
  #release: (() => void) | null = null

  constructor(name: string) {
    this.#name = name
  }

  set(on: boolean): void {
    if (!('locks' in navigator) || on === (this.#release !== null)) return
    this.#release?.()
    this.#release = null
    if (!on) return
    const held = new Promise<void>((release) => (this.#release = release))
    void navigator.locks.request(this.#name, { mode: 'shared' }, async () => await held)
  }

  /** Return whether another tab holds it. */
  async elsewhere(): Promise<boolean> {
    if (!('locks' in navigator)) return false
    const { held = [] } = await navigator.locks.query()
    return held.filter((one) => one.name === this.#name).length > Number(this.#release !== null)
  }
}

/** Lets one tab of the browser have the agent's desk; another gets it when it asks. */
export class DeskTab {
  readonly #events: DeskTabEvents
  readonly #channel = new BroadcastChannel(NAME)
  readonly #call = new Mark(`${NAME}-call`)
  readonly #shift = new Mark(`${NAME}-shift`)
  #has = false
  #release: (() => void) | null = null
  readonly #asked = new Map<string, (answer: Answer) => void>()

  constructor(events: DeskTabEvents) {
    this.#events = events
    this.#channel.addEventListener('message', ({ data }: MessageEvent<Message>) => this.#heard(data))
  }

  /** Take the desk where no tab has it. Without locks, on a page without https, every tab may. */
  async claim(): Promise<boolean> {
    if (!('locks' in navigator)) return true
    const taken = new AbortController()
    const held = this.#hold({ signal: taken.signal })
    // A tab that has it answers; the page before this one, just reloaded, does not.
    const elsewhere = this.#ask('busy?', RELOADED_MS).then(() => {
      taken.abort()
      return this.#has
    })
    // Chromium loses an abort that overtakes its request: the answer counts, the request may wait on.
    return await Promise.race([held, elsewhere])
  }

  /** Say what this tab is in, for the tabs that ask. */
  marks({ call, shift }: { call: boolean; shift: boolean }): void {
    this.#call.set(call)
    this.#shift.set(shift)
  }

  /** Return whether another tab is in a call. */
  async othersBusy(): Promise<boolean> {
    return await this.#call.elsewhere()
  }

  /** Take the desk from the tab that has it, unless that one is in a call. */
  async takeOver(): Promise<DeskAnswer> {
    if (await this.#call.elsewhere()) return 'busy'
    const inShift = await this.#shift.elsewhere()
    const answer = await this.#ask('give', ANSWER_MS)
    if (answer === 'busy') return answer
    await this.#hold({ steal: true })
    if (answer !== 'silent') return answer
    return inShift ? 'given_in_shift' : 'given'
  }

  close(): void {
    this.#release?.()
    this.marks({ call: false, shift: false })
    this.#channel.close()
  }

  async #ask(type: 'busy?' | 'give', withinMs: number): Promise<Answer> {
    const id = crypto.randomUUID()
    const answer = await new Promise<Answer>((resolve) => {
      this.#asked.set(id, resolve)
      setTimeout(() => resolve('silent'), withinMs)
      this.#send({ type, id })
    })
    this.#asked.delete(id)
    return answer
  }

  async #hold(options: LockOptions): Promise<boolean> {
    return await new Promise((resolve) => {
      const held = navigator.locks.request(NAME, options, async () => {
        if (options.signal?.aborted === true) return
        this.#has = true
        resolve(true)
        await new Promise<void>((release) => (this.#release = release))
      })
      held.catch(() => {
        // Not free in time, or another tab took it without waiting for this one.
        resolve(false)
        this.#give()
      })
    })
  }

  #heard(message: Message): void {
    if (message.type === 'answer') return this.#asked.get(message.id)?.(message.answer)
    if (!this.#has) return
    const busy = this.#events.busy()
    const given = busy || message.type === 'busy?' ? null : this.#give()
    this.#send({ type: 'answer', id: message.id, answer: busy ? 'busy' : (given ?? 'given') })
  }

  /** Let the desk go, once. */
  #give(): 'given' | 'given_in_shift' {
    const had = this.#has
    this.#has = false
    return had && this.#events.give() ? 'given_in_shift' : 'given'
  }

  #send(message: Message): void {
    this.#channel.postMessage(message)
  }
}
