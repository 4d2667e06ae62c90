import type { Ring, RingTone } from './types'

interface Pattern {
  /** Tones that sound together, in hertz. */
  hertz: readonly number[]
  /** Times of sound and pause in turn, in seconds. */
  cadence: readonly number[]
  wave: OscillatorType
}

const PATTERNS: Record<Exclude<RingTone, 'off'>, Pattern> = {
  // The ring of Chinese networks: 450 Hz, 1 s of sound in 5 s.
  classic: { hertz: [450], cadence: [1, 4], wave: 'sine' },
  soft: { hertz: [523.25, 659.25], cadence: [0.4, 0.2, 0.4, 3], wave: 'sine' },
  bright: { hertz: [880, 1108.7], cadence: [0.2, 0.1, 0.2, 0.1, 0.2, 2], wave: 'triangle' },
}
/** Tones to choose from. */
export const RING_TONES: readonly RingTone[] = ['classic', 'soft', 'bright', 'off']
const EDGE_S = 0.02
/** So much is planned ahead: timers of a tab in the background fire once a minute at worst. */
const AHEAD_S = 90

/** Return the ring that an account chose; a tone of another version sounds as the usual one. */
export function ringOf(settings: { ring_tone?: string; ring_volume?: number }): Ring {
  const tone = RING_TONES.find((one) => one === settings.ring_tone) ?? 'classic'
  return { tone, volume: (settings.ring_volume ?? 80) / 100 }
}

/** Return the stretches of sound of a pattern, as start and end in seconds. */
export function stretches(cadence: readonly number[], seconds: number): [number, number][] {
  const found: [number, number][] = []
  let at = 0
  while (at < seconds) {
    for (const [index, length] of cadence.entries()) {
      if (index % 2 === 0 && at < seconds) found.push([at, at + length])
      at += length
    }
  }
  return found
}

/** Rings through WebAudio, into a device of its own. */
export class Ringer {
  readonly #context: AudioContext
  readonly #sink: MediaStreamAudioDestinationNode
  readonly #player = new Audio()
  #stop: (() => void) | null = null

  constructor(context: AudioContext) {
    this.#context = context
    this.#sink = context.createMediaStreamDestination()
    // An element, since a context of its own device would switch echo cancellation off.
    this.#player.srcObject = this.#sink.stream
  }

  async useDevice(id: string): Promise<void> {
    await this.#player.setSinkId?.(id)
  }

  /** Ring until `stop`. Rejects where the browser allows no sound. */
  async ring({ tone, volume }: Ring, seconds: number = AHEAD_S): Promise<void> {
    this.stop()
    if (tone === 'off') return
    const { hertz, cadence, wave } = PATTERNS[tone]
    const gain = this.#context.createGain()
    gain.gain.value = 0
    gain.connect(this.#sink)
    const begin = this.#context.currentTime + EDGE_S
    const loud = volume / hertz.length
    for (const [from, to] of stretches(cadence, seconds)) {
      gain.gain.setValueAtTime(0, begin + from)
      gain.gain.linearRampToValueAtTime(loud, begin + from + EDGE_S)
      gain.gain.setValueAtTime(loud, begin + to - EDGE_S)
      gain.gain.linearRampToValueAtTime(0, begin + to)
    }
    const voices = hertz.map((frequency) => {
      const voice = new OscillatorNode(this.#context, { frequency, type: wave })
      voice.connect(gain)
      voice.start(begin)
      voice.stop(begin + seconds)
      return voice
    })
    this.#stop = () => {
      for (const voice of voices) voice.disconnect()
      gain.disconnect()
      this.#player.pause()
    }
    await this.#context.resume()
    await this.#player.play()
  }

  stop(): void {
    this.#stop?.()
    this.#stop = null
  }
}
