import { i18n } from '@/shared/i18n/i18n'
import { Attention } from './attention'
import type { Emitter } from './emitter'
import type { SipLine } from './line'
import { AudioWatch, sampleOf } from './quality'
import type { Sound } from './sound'
import type { PhoneCall, PhoneProblem, PhoneState } from './types'

const WATCH_MS = 500
const RECONNECTED_WITHIN_MS = 15_000

/** The one call of the phone, from its ring to its end. */
export class Calls {
  readonly #state: PhoneState
  readonly #sound: Sound
  readonly #emitter: Emitter
  readonly #report: (problem: PhoneProblem) => void
  readonly #line: () => SipLine | null
  readonly #attention = new Attention()
  #answersUntil = 0
  #watching: ReturnType<typeof setInterval> | undefined

  constructor(
    state: PhoneState,
    sound: Sound,
    emitter: Emitter,
    line: () => SipLine | null,
    report: (problem: PhoneProblem) => void,
  ) {
    this.#state = state
    this.#sound = sound
    this.#emitter = emitter
    this.#line = line
    this.#report = report
  }

  /** Answer the next call without a ring: the agent's own call comes back. */
  expectOwn(): void {
    this.#answersUntil = Date.now() + RECONNECTED_WITHIN_MS
    this.#line()?.expectReplacement()
  }

  expectNone(): void {
    this.#answersUntil = 0
  }

  rings(number: string): void {
    const now = Date.now()
    const own = now < this.#answersUntil
    this.#answersUntil = 0
    this.#state.call = {
      stage: 'ringing',
      number,
      since: now,
      talkingSince: null,
      silent: false,
      quality: null,
    }
    if (own) {
      void this.answer()
      return
    }
    void this.#sound.ring()
    const { t } = i18n.global
    this.#attention.show(t('phone.ringing'), number || t('phone.withheld'))
    this.#emitter.emit('ring', this.#state.call)
  }

  async answer(): Promise<void> {
    const { call } = this.#state
    if (call?.stage !== 'ringing') return
    call.stage = 'answering'
    this.#sound.quiet()
    const stream = await this.#sound.openMicrophone()
    if (stream === null) {
      if (this.#state.call !== null) this.#state.call.stage = 'ringing'
      return
    }
    this.#sound.speak(true)
    this.#line()?.answer(stream)
  }

  hangUp(): void {
    if (this.#state.call?.stage === 'ringing') this.#line()?.decline()
    else this.#line()?.hangUp()
  }

  answered(): void {
    const { call } = this.#state
    if (call === null) return
    Object.assign(call, { stage: 'talking', talkingSince: Date.now() })
    this.#attention.clear()
    this.#watch(call)
    this.#emitter.emit('answered')
  }

  ended(cause: string): void {
    const unanswered = this.#state.call?.stage === 'answering' && cause !== 'Canceled'
    this.forget()
    if (unanswered) this.#report('call-failed')
    this.#emitter.emit('ended', cause)
  }

  forget(): void {
    clearInterval(this.#watching)
    this.#sound.quiet()
    this.#sound.hear(null)
    this.#sound.speak(false)
    this.#attention.clear()
    this.#state.call = null
  }

  #watch(call: PhoneCall): void {
    const audio = new AudioWatch()
    clearInterval(this.#watching)
    this.#watching = setInterval(async () => {
      const now = Date.now()
      const report = await this.#line()?.stats()
      if (this.#state.call?.since === call.since) {
        Object.assign(this.#state.call, audio.take(report ? sampleOf(report, now) : null, now))
      }
    }, WATCH_MS)
  }
}
