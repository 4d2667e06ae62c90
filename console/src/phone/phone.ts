import { readonly } from 'vue'
import { useSettings } from '@/shared/settings/settings'
import { chosenPhone, choosePhone, reconnectCall } from './account'
import { Calls } from './calls'
import { Connection } from './connection'
import { Emitter } from './emitter'
import { microphoneAllowed } from './microphone'
import { listenToPage } from './page'
import { isOverOnline, serviceProblem, unfit } from './problems'
import { ringOf } from './ringing'
import { Sound } from './sound'
import { newState } from './state'
import type { DeviceUse, Phone, PhoneKind, PhoneProblem, PhoneState } from './types'

const SHIFT = 'hotline.phone.shift'
const ONLINE_WITHIN_MS = 10_000
const SAMPLE_RING_S = 2

/** The phone of this page. */
export class BrowserPhone implements Phone {
  readonly #state: PhoneState = newState()
  readonly state = readonly(this.#state)
  readonly #emitter = new Emitter()
  readonly on = this.#emitter.on
  readonly #sound = new Sound(
    this.#state,
    (problem) => this.#report(problem),
    () => ringOf(useSettings().values),
  )
  readonly #connection: Connection
  readonly #calls: Calls
  #onOnline: (online: boolean) => void = () => {}
  #endsAfterCall = false
  #renews = false

  constructor() {
    const line = () => this.#connection.line
    this.#calls = new Calls(this.#state, this.#sound, this.#emitter, line, (problem) => this.#report(problem))
    this.#connection = new Connection({
      online: () => this.#online(),
      lost: (problem, retryAt) => {
        Object.assign(this.#state, { stage: 'lost', retryAt })
        this.#report(navigator.onLine ? problem : 'network-lost')
      },
      refused: () => this.#onOnline(this.#refuse('server-refused')),
      rings: (number) => this.#calls.rings(number),
      answered: () => this.#calls.answered(),
      ended: (cause) => this.#ended(cause),
      remoteAudio: (stream) => this.#sound.hear(stream),
      inVoice: () => this.#state.call !== null && !this.#state.call.silent,
    })
    this.#sound.whenReplaced((stream) => void this.#connection.line?.speakInto(stream))
    listenToPage({
      networkLost: () => {
        if (this.#state.stage === 'online' || this.#state.stage === 'lost') this.#report('network-lost')
      },
      mayBeBroken: () => void this.#connection.mend(),
      leaving: () => this.#state.call?.stage === 'talking',
      clicked: () => {
        if (this.#state.problem !== 'sound-blocked') return
        this.#state.problem = null
        this.#sound.unblock()
      },
      devicesChanged: () => {
        if (this.#state.stage !== 'off') void this.#sound.refresh()
      },
    })
  }

  async startShift(): Promise<boolean> {
    const reason = unfit(window)
    if (reason !== null) return this.#refuse(reason)
    Object.assign(this.#state, { stage: 'starting', problem: null })
    this.#sound.arm()
    const notifying = 'Notification' in window ? Notification.requestPermission() : Promise.resolve('denied')
    if ((await this.#sound.openMicrophone()) === null) return this.#refuse(this.#state.problem)
    sessionStorage.setItem(SHIFT, 'on')
    const begun = await this.#begin()
    if ((await notifying) === 'denied' && this.#state.problem === null) this.#report('notifications-blocked')
    return begun
  }

  async resume(): Promise<boolean> {
    if (this.#endsAfterCall) {
      // Signed in again in the same call: the account is renewed when the call is over.
      this.#endsAfterCall = false
      this.#renews = true
      sessionStorage.setItem(SHIFT, 'on')
    }
    if (this.#state.stage !== 'off') return false
    if (await this.#atTable()) return false
    if (sessionStorage.getItem(SHIFT) !== 'on' || unfit(window) !== null || !(await microphoneAllowed())) return false
    return await this.startShift()
  }

  async endShift({ hangUp = false, afterCall = false } = {}): Promise<void> {
    sessionStorage.removeItem(SHIFT)
    this.#endsAfterCall = afterCall && this.#state.call?.stage === 'talking'
    if (this.#endsAfterCall) return
    this.#connection.stop({ hangUp })
    this.#calls.forget()
    this.#sound.closeMicrophone()
    Object.assign(this.#state, { stage: 'off', retryAt: null, problem: null })
  }

  async choose(kind: PhoneKind): Promise<void> {
    try {
      this.#state.kind = await choosePhone(kind)
    } catch (error) {
      this.#report(serviceProblem(error))
      return
    }
    if (this.#state.stage === 'off' || this.#state.call !== null) return
    this.#connection.stop({ hangUp: false })
    if (kind === 'desk') this.#state.stage = 'off'
    else await this.#connect()
  }

  async answer(): Promise<void> {
    await this.#calls.answer()
  }

  decline(): void {
    this.#connection.line?.decline()
  }

  hangUp(): void {
    this.#calls.hangUp()
  }

  async reconnect({ answers = true } = {}): Promise<boolean> {
    const ready = this.#state.stage === 'off' ? await this.startShift() : await this.#connection.mend()
    if (!ready) return false
    if (answers) this.#calls.expectOwn()
    try {
      await reconnectCall()
      return true
    } catch (error) {
      this.#calls.expectNone()
      if (serviceProblem(error) === 'server-away') this.#report('server-away')
      return false
    }
  }

  async pick(use: DeviceUse, id: string): Promise<void> {
    await this.#sound.pick(use, id)
  }

  async playRing(): Promise<void> {
    if (this.#state.call === null) await this.#sound.ring(SAMPLE_RING_S)
  }

  async meter(on: boolean): Promise<void> {
    if (on && (await this.#sound.openMicrophone()) === null) return
    if (this.#state.call?.stage !== 'talking') this.#sound.speak(on)
    this.#sound.meter(on)
  }

  async test(): Promise<void> {
    this.#sound.arm()
    if (this.#state.testing === 'off') await this.#sound.test()
  }

  async #begin(): Promise<boolean> {
    this.#state.stage = 'starting'
    try {
      this.#state.kind = (await chosenPhone()) ?? (await choosePhone('browser'))
    } catch (error) {
      return this.#refuse(serviceProblem(error))
    }
    if (this.#state.kind === 'browser') return await this.#connect()
    this.#state.stage = 'off'
    return true
  }

  /** Return whether the phone on the table is rung. */
  async #atTable(): Promise<boolean> {
    this.#state.kind = (await chosenPhone().catch(() => null)) ?? 'browser'
    return this.#state.kind === 'desk'
  }

  async #connect(): Promise<boolean> {
    this.#renews = false
    this.#state.stage = 'starting'
    return await new Promise((resolve) => {
      this.#onOnline = resolve
      setTimeout(() => resolve(false), ONLINE_WITHIN_MS)
      this.#connection.start()
    })
  }

  #online(): void {
    Object.assign(this.#state, { stage: 'online', retryAt: null })
    if (isOverOnline(this.#state.problem)) this.#state.problem = null
    this.#onOnline(true)
  }

  #ended(cause: string): void {
    this.#calls.ended(cause)
    if (this.#endsAfterCall) void this.endShift()
    else if (this.#renews) void this.#connect()
    else if (this.#state.stage === 'lost') void this.#connection.mend()
  }

  #refuse(problem: PhoneProblem | null): false {
    this.#state.stage = 'off'
    if (problem !== null) this.#report(problem)
    return false
  }

  #report(problem: PhoneProblem): void {
    this.#state.problem = problem
    this.#emitter.emit('problem', problem)
  }
}
