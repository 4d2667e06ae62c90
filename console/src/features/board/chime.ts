/** Tones of an alert, in hertz, one after the other. */
const TONES = [880, 660]
const TONE_S = 0.18

/** A short sound for an alert; where the browser allows none, the toast is all. */
export function chime() {
  let context: AudioContext | null = null

  function play(): void {
    context ??= new AudioContext()
    const gain = new GainNode(context, { gain: 0.25 })
    gain.connect(context.destination)
    for (const [index, frequency] of TONES.entries()) {
      const tone = new OscillatorNode(context, { frequency })
      tone.connect(gain)
      tone.start(context.currentTime + index * TONE_S)
      tone.stop(context.currentTime + (index + 1) * TONE_S)
    }
  }

  return { play, close: () => void context?.close() }
}
