import type { DeepReadonly } from 'vue'

/** Phone that is rung: the one in this page, or the one on the table. */
export type PhoneKind = 'browser' | 'desk'
export type PhoneStage = 'off' | 'starting' | 'online' | 'lost'
export type PhoneCallStage = 'ringing' | 'answering' | 'talking'
export type PhoneProblem =
  | 'microphone-refused'
  | 'microphone-missing'
  | 'microphone-busy'
  | 'no-output'
  | 'sound-blocked'
  | 'notifications-blocked'
  | 'insecure-page'
  | 'browser-too-old'
  | 'server-refused'
  | 'server-away'
  | 'network-lost'
  | 'registration-lost'
  | 'call-failed'
export type RingTone = 'classic' | 'soft' | 'bright' | 'off'
/** How it rings: choices of the account. */
export interface Ring {
  tone: RingTone
  /** 0 to 1. */
  volume: number
}
export type DeviceUse = 'microphone' | 'ear' | 'ring'

export interface CallQuality {
  /** Share of lost packets in the last seconds, 0 to 1. */
  lost: number
  jitterMs: number
  roundTripMs: number | null
  codec: string
}

export interface PhoneCall {
  stage: PhoneCallStage
  /** Number as signalled; empty where it is withheld. */
  number: string
  since: number
  talkingSince: number | null
  /** No audio arrived for 2 s. */
  silent: boolean
  quality: CallQuality | null
}

export interface AudioDevice {
  /** Empty: the system's default. */
  id: string
  label: string
}

export interface Devices {
  microphones: AudioDevice[]
  speakers: AudioDevice[]
  canChooseSpeaker: boolean
  microphone: string
  ear: string
  ring: string
}

export interface PhoneState {
  kind: PhoneKind
  stage: PhoneStage
  problem: PhoneProblem | null
  /** Time of the next try while the phone is lost. */
  retryAt: number | null
  call: PhoneCall | null
  /** Level of the microphone, 0 to 1. */
  level: number
  testing: 'off' | 'recording' | 'playing'
  devices: Devices
}

export interface PhoneEvents {
  ring: (call: DeepReadonly<PhoneCall>) => void
  answered: () => void
  ended: (cause: string) => void
  problem: (problem: PhoneProblem) => void
}

export interface Phone {
  readonly state: DeepReadonly<PhoneState>
  startShift(): Promise<boolean>
  /** Begin again what a reload interrupted; returns whether the phone can be rung since. */
  resume(): Promise<boolean>
  /** `afterCall`: a call that is on goes on, and ends the shift with its end. */
  endShift(options?: { hangUp?: boolean; afterCall?: boolean }): Promise<void>
  choose(kind: PhoneKind): Promise<void>
  answer(): Promise<void>
  decline(): void
  hangUp(): void
  /** Have the service ring this phone for the agent's own call; without `answers` it rings until it is answered. */
  reconnect(options?: { answers?: boolean }): Promise<boolean>
  pick(use: DeviceUse, id: string): Promise<void>
  playRing(): Promise<void>
  meter(on: boolean): Promise<void>
  test(): Promise<void>
  on<Name extends keyof PhoneEvents>(event: Name, listener: PhoneEvents[Name]): () => void
}
