import { openAccount } from './account'
import type { LineEvents, SipLine } from './line'
import { serviceProblem } from './problems'
import { pauseMs } from './retry'
import type { PhoneProblem } from './types'

const CHECKED_WITHIN_MS = 2000
const OPENED_WITHIN_MS = 8000

async function within(ms: number): Promise<false> {
  return await new Promise((resolve) => setTimeout(() => resolve(false), ms))
}

export interface ConnectionEvents extends Omit<LineEvents, 'lost' | 'registered'> {
  online: () => void
  lost: (problem: PhoneProblem, retryAt: number | null) => void
  /** The account will not be given out: trying again does not help. */
  refused: () => void
  /** Return whether a call is on whose sound arrives. */
  inVoice: () => boolean
}

/** Keeps the phone registered: account, socket, registration, and all of them again. */
export class Connection {
  readonly #events: ConnectionEvents
  #line: SipLine | null = null
  #wanted = false
  #tries = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  readonly #onRegistered = new Set<(registered: boolean) => void>()
  #opening = 0

  constructor(events: ConnectionEvents) {
    this.#events = events
  }

  get line(): SipLine | null {
    return this.#line
  }

  start(): void {
    this.#wanted = true
    void this.#open()
  }

  stop(options: { hangUp: boolean }): void {
    this.#wanted = false
    this.#opening += 1
    clearTimeout(this.#timer)
    this.#line?.stop(options)
    this.#line = null
  }

  /** Make sure at once that the phone can be rung: the network is back, the page was asleep, or a call lost its sound. */
  async mend(): Promise<boolean> {
    if (!this.#wanted) return false
    const alive = await Promise.race([this.#line?.check() ?? false, within(CHECKED_WITHIN_MS)])
    if (alive) {
      this.#events.online()
      return true
    }
    if (this.#events.inVoice()) return false
    this.#tries = 0
    void this.#open()
    return await this.#registered(OPENED_WITHIN_MS)
  }

  async #registered(withinMs: number): Promise<boolean> {
    const registered = new Promise<boolean>((resolve) => this.#onRegistered.add(resolve))
    return await Promise.race([registered, within(withinMs)])
  }

  async #open(): Promise<void> {
    clearTimeout(this.#timer)
    const opening = (this.#opening += 1)
    try {
      const [account, { SipLine: Line }] = await Promise.all([openAccount(), import('./line')])
      if (opening !== this.#opening) return
      const former = this.#line
      const line: SipLine = new Line(account, this.#heardFrom(() => line))
      this.#line = line
      if (former?.inCall) this.#events.ended('Replaced')
      former?.stop({ hangUp: true })
      line.start()
    } catch (error) {
      if (opening !== this.#opening) return
      const problem = serviceProblem(error)
      if (problem === 'server-refused') this.#events.refused()
      else this.#again(problem)
    }
  }

  /** Pass events of the present line on: a former one's call was replaced. */
  #heardFrom(line: () => SipLine): LineEvents {
    const present =
      <Facts extends unknown[]>(event: (...facts: Facts) => void) =>
      (...facts: Facts): void => {
        if (line() === this.#line) event(...facts)
      }
    const { rings, answered, ended, remoteAudio } = this.#events
    return {
      rings: present(rings),
      answered: present(answered),
      ended: present(ended),
      remoteAudio: present(remoteAudio),
      registered: present(() => {
        this.#tries = 0
        for (const resolve of this.#onRegistered) resolve(true)
        this.#onRegistered.clear()
        this.#events.online()
      }),
      lost: (why) => this.#lost(line(), why),
    }
  }

  #lost(line: SipLine, why: Parameters<LineEvents['lost']>[0]): void {
    if (line !== this.#line) return
    const problem = why === 'unanswered' ? 'server-away' : 'registration-lost'
    // A call's dialog belongs to its line, which finds its socket again by itself.
    if (why === 'socket' || line.inCall) this.#events.lost(problem, null)
    else this.#again(problem)
  }

  #again(problem: PhoneProblem): void {
    const pause = pauseMs(this.#tries)
    this.#tries += 1
    this.#timer = setTimeout(() => void this.#open(), pause)
    this.#events.lost(problem, Date.now() + pause)
  }
}
