import { echoTest, listDevices, meterOf, openMicrophone } from './microphone'
import { microphoneProblem } from './problems'
import { Ringer } from './ringing'
import { remember } from './state'
import type { DeviceUse, PhoneProblem, PhoneState, Ring } from './types'

/** Microphone, ear and ring of the page. */
export class Sound {
  readonly #state: PhoneState
  readonly #report: (problem: PhoneProblem) => void
  readonly #chosen: () => Ring
  readonly #ear = new Audio()
  #context: AudioContext | null = null
  #ringer: Ringer | null = null
  #stream: MediaStream | null = null
  #endMeter: (() => void) | null = null
  #ringing = false
  #replaced: (stream: MediaStream) => void = () => {}

  constructor(state: PhoneState, report: (problem: PhoneProblem) => void, chosen: () => Ring) {
    this.#state = state
    this.#report = report
    this.#chosen = chosen
    this.#ear.autoplay = true
    state.devices.canChooseSpeaker = 'setSinkId' in this.#ear
  }

  /** Allow sound; within a gesture this always works. */
  arm(): void {
    this.#context ??= new AudioContext()
    this.#ringer ??= new Ringer(this.#context)
    void this.#context.resume()
  }

  /** Open the microphone for the shift; muted between calls. */
  async openMicrophone(): Promise<MediaStream | null> {
    if (this.#stream?.getAudioTracks().some((track) => track.readyState === 'live')) return this.#stream
    try {
      this.#stream = await openMicrophone(this.#state.devices.microphone)
    } catch (error) {
      this.#report(microphoneProblem(error))
      return null
    }
    for (const track of this.#stream.getAudioTracks()) {
      track.enabled = false
      track.addEventListener('ended', () => void this.#reopen())
    }
    await this.refresh()
    return this.#stream
  }

  /** Say what takes over a microphone that replaces an unplugged one. */
  whenReplaced(take: (stream: MediaStream) => void): void {
    this.#replaced = take
  }

  speak(on: boolean): void {
    for (const track of this.#stream?.getAudioTracks() ?? []) track.enabled = on
  }

  closeMicrophone(): void {
    this.meter(false)
    for (const track of this.#stream?.getTracks() ?? []) track.stop()
    this.#stream = null
  }

  /** Play what arrives to the ear. */
  hear(stream: MediaStream | null): void {
    this.#ear.srcObject = stream
    if (stream !== null) this.#ear.play().catch(() => this.#report('sound-blocked'))
  }

  async ring(seconds?: number): Promise<void> {
    this.#ringing = true
    this.arm()
    try {
      await this.#playTo('ring')
      if (this.#ringing) await this.#ringer?.ring(this.#chosen(), seconds)
    } catch {
      if (this.#ringing) this.#report('sound-blocked')
    }
  }

  quiet(): void {
    this.#ringing = false
    this.#ringer?.stop()
  }

  /** Try again what the browser had blocked, within a gesture. */
  unblock(): void {
    this.arm()
    if (this.#ringing) void this.ring()
    if (this.#ear.srcObject !== null) void this.#ear.play().catch(() => {})
  }

  meter(on: boolean): void {
    this.#endMeter?.()
    this.#endMeter = null
    if (!on || this.#stream === null) return
    this.arm()
    if (this.#context !== null) {
      this.#endMeter = meterOf(this.#context, this.#stream, (level) => (this.#state.level = level))
    }
  }

  async pick(use: DeviceUse, id: string): Promise<void> {
    this.#state.devices[use] = id
    remember(this.#state)
    if (use === 'microphone') await this.#reopen()
    else if (await this.#playTo(use)) this.#outputIsBack()
  }

  async test(): Promise<void> {
    const stream = await this.openMicrophone()
    if (stream === null) return
    const spoke = stream.getAudioTracks().some((track) => track.enabled)
    this.speak(true)
    await echoTest(stream, this.#usable(this.#state.devices.ear), (stage) => (this.#state.testing = stage)).catch(() => this.#report('no-output'))
    this.speak(spoke)
  }

  /** List the devices again; the system's default takes the place of one that is gone. */
  async refresh(): Promise<void> {
    const { isSilent, ...found } = await listDevices()
    Object.assign(this.#state.devices, found)
    if (isSilent) this.#report('no-output')
    else if ((await this.#playTo('ear')) && (await this.#playTo('ring'))) this.#outputIsBack()
  }

  /** Return the device, or the system's default in the place of one that is gone. */
  #usable(id: string): string {
    return this.#state.devices.speakers.some((one) => one.id === id) ? id : ''
  }

  /** Return whether a device plays; one that does not leaves the sound where it was. */
  async #playTo(use: 'ear' | 'ring'): Promise<boolean> {
    const id = this.#usable(this.#state.devices[use])
    try {
      await (use === 'ear' ? this.#ear.setSinkId?.(id) : this.#ringer?.useDevice(id))
      return true
    } catch {
      this.#report('no-output')
      return false
    }
  }

  #outputIsBack(): void {
    if (this.#state.problem === 'no-output') this.#state.problem = null
  }

  async #reopen(): Promise<void> {
    const former = this.#stream
    if (former === null) return
    const spoke = former.getAudioTracks().some((track) => track.enabled)
    const metered = this.#endMeter !== null
    this.closeMicrophone()
    const stream = await this.openMicrophone()
    if (stream === null) return
    this.speak(spoke)
    this.meter(metered)
    this.#replaced(stream)
  }
}
