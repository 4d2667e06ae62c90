import { openAccount } from './account'
import type { LineEvents, SipLine } from './line'
import { serviceProblem } from './problems'
import { pauseMs } from './retry'
import type { PhoneProblem } from './types'

const CHECKED_WITHIN_MS = 3000

export interface ConnectionEvents extends Omit<LineEvents, 'lost' | 'registered'> {
  online: () => void
  lost: (problem: PhoneProblem, retryAt: number | null) => void
  /** The account will not be given out: trying again does not help. */
  refused: () => void
}

/** Keeps the phone registered: account, socket, registration, and all of them again. */
export class Connection {
  readonly #events: ConnectionEvents
  #line: SipLine | null = null
  #wanted = false
  #tries = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #checking: ReturnType<typeof setTimeout> | undefined
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
    clearTimeout(this.#checking)
    this.#line?.stop(options)
    this.#line = null
  }

  /** Mend at once what may be broken: the network is back, or the page was asleep. */
  mend(inCall: boolean): void {
    if (!this.#wanted) return
    if (this.#line === null || (!inCall && !this.#line.connected)) {
      this.#tries = 0
      void this.#open()
      return
    }
    this.#line.check()
    clearTimeout(this.#checking)
    // A socket that died in silence is found out by a registration without an answer.
    this.#checking = setTimeout(() => {
      if (!inCall) void this.#open()
    }, CHECKED_WITHIN_MS)
  }

  async #open(): Promise<void> {
    clearTimeout(this.#timer)
    clearTimeout(this.#checking)
    const opening = (this.#opening += 1)
    try {
      const [account, { SipLine: Line }] = await Promise.all([openAccount(), import('./line')])
      if (opening !== this.#opening) return
      this.#line?.stop({ hangUp: false })
      const { rings, answered, ended, remoteAudio, mediaLost } = this.#events
      const line = new Line(account, {
        rings,
        answered,
        ended,
        remoteAudio,
        mediaLost,
        registered: () => {
          this.#tries = 0
          clearTimeout(this.#checking)
          this.#events.online()
        },
        lost: (why) => this.#lost(line, why),
      })
      this.#line = line
      line.start()
    } catch (error) {
      if (opening !== this.#opening) return
      const problem = serviceProblem(error)
      if (problem === 'server-refused') this.#events.refused()
      else this.#again(problem)
    }
  }

  #lost(line: SipLine, why: 'refused' | 'socket'): void {
    if (line !== this.#line) return
    // A call's dialog belongs to its line, which finds its socket again by itself.
    if (why === 'socket' || line.inCall) this.#events.lost('registration-lost', null)
    else this.#again('registration-lost')
  }

  #again(problem: PhoneProblem): void {
    const pause = pauseMs(this.#tries)
    this.#tries += 1
    this.#timer = setTimeout(() => void this.#open(), pause)
    this.#events.lost(problem, Date.now() + pause)
  }
}
