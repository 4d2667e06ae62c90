import type { AudioDevice } from './types'

const CLEANED = { echoCancellation: true, noiseSuppression: true, autoGainControl: true }

/** Open a microphone; the default one where the chosen one is gone. Throws a `DOMException`. */
export async function openMicrophone(id: string): Promise<MediaStream> {
  const chosen = id === '' ? {} : { deviceId: { ideal: id } }
  return await navigator.mediaDevices.getUserMedia({ audio: { ...CLEANED, ...chosen } })
}

/** Return whether the browser opens a microphone without a question. */
export async function microphoneAllowed(): Promise<boolean> {
  try {
    return (await navigator.permissions.query({ name: 'microphone' as PermissionName })).state === 'granted'
  } catch {
    return false
  }
}

/** Return microphones and speakers. Labels are empty before the first permission. `isSilent`: nothing can play a sound. */
export async function listDevices(): Promise<{ microphones: AudioDevice[]; speakers: AudioDevice[]; isSilent: boolean }> {
  const found = await navigator.mediaDevices.enumerateDevices()
  const of = (kind: MediaDeviceKind): AudioDevice[] =>
    found
      .filter((one) => one.kind === kind && one.deviceId !== '' && one.deviceId !== 'default')
      .map(({ deviceId, label }) => ({ id: deviceId, label }))
  // Only Chromium lists every speaker: another browser that lists none may have one.
  const isSilent = 'userAgentData' in navigator && !found.some((one) => one.kind === 'audiooutput')
  return { microphones: of('audioinput'), speakers: of('audiooutput'), isSilent }
}

/** Return the level of sound samples, 0 to 1: -60 dB and less is 0. */
export function levelOf(samples: Float32Array): number {
  let sum = 0
  for (const sample of samples) sum += sample * sample
  const power = samples.length === 0 ? 0 : sum / samples.length
  return power <= 0 ? 0 : Math.min(1, Math.max(0, 1 + (10 * Math.log10(power)) / 60))
}

const METER_MS = 66

/** Report the level of a stream; returns what ends it. */
export function meterOf(context: AudioContext, stream: MediaStream, report: (level: number) => void): () => void {
  const source = context.createMediaStreamSource(stream)
  const analyser = new AnalyserNode(context, { fftSize: 1024 })
  source.connect(analyser)
  const samples = new Float32Array(analyser.fftSize)
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples)
    report(levelOf(samples))
  }, METER_MS)
  return () => {
    clearInterval(timer)
    source.disconnect()
    report(0)
  }
}

const RECORDED_MS = 3000

/** Record the microphone for a moment and play it to a device; reports each stage. */
export async function echoTest(
  stream: MediaStream,
  ear: string,
  report: (stage: 'recording' | 'playing' | 'off') => void,
): Promise<void> {
  const recorder = new MediaRecorder(stream)
  const parts: Blob[] = []
  recorder.addEventListener('dataavailable', ({ data }) => parts.push(data))
  const stopped = new Promise((resolve) => {
    recorder.addEventListener('stop', resolve, { once: true })
  })
  report('recording')
  recorder.start()
  setTimeout(() => recorder.stop(), RECORDED_MS)
  await stopped
  const player = new Audio()
  const address = URL.createObjectURL(new Blob(parts, { type: recorder.mimeType }))
  try {
    await player.setSinkId?.(ear)
    report('playing')
    player.src = address
    const over = new Promise((resolve) => {
      for (const event of ['ended', 'error'] as const) player.addEventListener(event, resolve, { once: true })
    })
    await player.play()
    await over
  } finally {
    URL.revokeObjectURL(address)
    report('off')
  }
}
