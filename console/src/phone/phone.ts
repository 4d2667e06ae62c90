import { readonly, watch } from 'vue'
import { chosenPhone, choosePhone, reconnectCall } from './account'
import { Calls } from './calls'
import { Connection } from './connection'
import { Emitter } from './emitter'
import { microphoneAllowed } from './microphone'
import { Ownership } from './ownership'
import { listenToPage } from './page'
import { isOverOnline, serviceProblem, unfit } from './problems'
import { Sound } from './sound'
import { newState, plain, remember } from './state'
import type { DeviceUse, Phone, PhoneKind, PhoneProblem, PhoneState } from './types'

const SHIFT = 'hotline.phone.shift'
const ONLINE_WITHIN_MS = 10_000
const SAMPLE_RING_S = 2
const BY_OTHER_TABS = ['answer', 'decline', 'hangUp', 'press', 'mute', 'reconnect'] as const
type ByOtherTabs = (typeof BY_OTHER_TABS)[number]

/** The phone of this page, or the mirror of another tab's. */
export class BrowserPhone implements Phone {
  readonly #state: PhoneState = newState()
  readonly state = readonly(this.#state)
  readonly #emitter = new Emitter()
  readonly on = this.#emitter.on
  readonly #sound = new Sound(this.#state, (problem) => this.#report(problem))
  readonly #connection: Connection
  readonly #calls: Calls
  readonly #ownership: Ownership
  #onOnline: (online: boolean) => void = () => {}

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
      ended: (cause) => this.#calls.ended(cause),
      remoteAudio: (stream) => this.#sound.hear(stream),
      mediaLost: () => void this.reconnect(),
    })
    this.#ownership = new Ownership({
      owned: () => void this.#begin(),
      asked: () => this.#handedOver(),
      mirrored: (state) => Object.assign(this.#state, state, { stage: 'elsewhere' }),
      asksFor: (action, values) => this.#ordered(action, values),
      shown: () => this.#ownership.show(plain(this.#state)),
    })
    this.#sound.whenReplaced((stream) => void this.#connection.line?.speakInto(stream))
    watch(
      () => JSON.stringify({ ...this.#state, level: 0 }),
      () => this.#ownership.show(plain(this.#state)),
    )
    listenToPage({
      networkLost: () => {
        if (this.#state.stage === 'online' || this.#state.stage === 'lost') this.#report('network-lost')
      },
      mayBeBroken: () => this.#connection.mend(this.#state.call !== null),
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
    if (!(await this.#ownership.claim())) {
      this.#state.stage = 'elsewhere'
      return true
    }
    const begun = await this.#begin()
    if ((await notifying) === 'denied' && this.#state.problem === null) this.#report('notifications-blocked')
    return begun
  }

  async resume(inCall: boolean): Promise<boolean> {
    if (this.#state.stage !== 'off') return this.#state.stage === 'online'
    if (await this.#atTable()) return false
    const wanted = inCall || sessionStorage.getItem(SHIFT) === 'on'
    if (!wanted || unfit(window) !== null || !(await microphoneAllowed())) return false
    const begun = await this.startShift()
    if (begun && inCall && this.#ownership.owns && this.#state.call === null) await this.reconnect()
    return begun
  }

  async endShift({ hangUp = false } = {}): Promise<void> {
    sessionStorage.removeItem(SHIFT)
    this.#connection.stop({ hangUp })
    this.#calls.forget()
    this.#sound.closeMicrophone()
    this.#ownership.letGo()
    Object.assign(this.#state, { stage: 'off', retryAt: null, problem: null })
  }

  async choose(kind: PhoneKind): Promise<void> {
    try {
      this.#state.kind = await choosePhone(kind)
    } catch (error) {
      this.#report(serviceProblem(error))
      return
    }
    if (!this.#ownership.owns || this.#state.call !== null) return
    this.#connection.stop({ hangUp: false })
    if (kind === 'desk') this.#state.stage = 'off'
    else await this.#connect()
  }

  async answer(): Promise<void> {
    if (!this.#elsewhere('answer')) await this.#calls.answer()
  }

  decline(): void {
    if (!this.#elsewhere('decline')) this.#connection.line?.decline()
  }

  hangUp(): void {
    if (!this.#elsewhere('hangUp')) this.#calls.hangUp()
  }

  press(keys: string): void {
    if (!this.#elsewhere('press', keys)) this.#calls.press(keys)
  }

  mute(on: boolean): void {
    if (!this.#elsewhere('mute', on)) this.#calls.mute(on)
  }

  async reconnect(): Promise<void> {
    if (this.#elsewhere('reconnect')) return
    this.#calls.expectOwn()
    try {
      await reconnectCall()
    } catch (error) {
      this.#calls.expectNone()
      this.#report(serviceProblem(error) === 'server-away' ? 'server-away' : 'call-failed')
    }
  }

  async takeOver(): Promise<void> {
    this.#ownership.ask()
  }

  async pick(use: DeviceUse, id: string): Promise<void> {
    await this.#sound.pick(use, id)
  }

  setRing(ring: Partial<PhoneState['ring']>): void {
    Object.assign(this.#state.ring, ring)
    remember(this.#state)
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
      this.#ownership.letGo()
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

  #elsewhere(action: ByOtherTabs, ...values: unknown[]): boolean {
    if (this.#state.stage !== 'elsewhere') return false
    this.#ownership.order(action, values)
    return true
  }

  #ordered(action: string, values: unknown[]): void {
    const known = BY_OTHER_TABS.find((one) => one === action)
    if (known !== undefined) void (this[known] as (...given: unknown[]) => unknown)(...values)
  }

  /** Let another tab have the phone, unless this one is in a call. */
  #handedOver(): boolean {
    if (this.#state.call !== null) return false
    this.#connection.stop({ hangUp: false })
    this.#sound.closeMicrophone()
    this.#state.stage = 'elsewhere'
    setTimeout(() => void this.#ownership.claim(), 0)
    return true
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
