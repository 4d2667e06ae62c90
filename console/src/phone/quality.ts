import type { CallQuality } from './types'

/** Figures of one moment of a call, as `getStats` counts them since its beginning. */
export interface Sample {
  at: number
  received: number
  lost: number
  jitterMs: number
  roundTripMs: number | null
  codec: string
}

export const SILENCE_MS = 2000

/** Return the figures of the audio that arrives; null before the first packet. */
export function sampleOf(report: RTCStatsReport, at: number): Sample | null {
  let found: Sample | null = null
  let codecId = ''
  let roundTripMs: number | null = null
  for (const one of report.values() as Iterable<Record<string, unknown>>) {
    if (one['type'] === 'inbound-rtp' && one['kind'] === 'audio') {
      codecId = String(one['codecId'] ?? '')
      found = {
        at,
        received: Number(one['packetsReceived'] ?? 0),
        lost: Number(one['packetsLost'] ?? 0),
        jitterMs: Math.round(Number(one['jitter'] ?? 0) * 1000),
        roundTripMs: null,
        codec: '',
      }
    }
    if (one['type'] === 'candidate-pair' && one['nominated'] === true && one['currentRoundTripTime'] !== undefined) {
      roundTripMs = Math.round(Number(one['currentRoundTripTime']) * 1000)
    }
  }
  if (found === null) return null
  const codec = report.get(codecId) as { mimeType?: string } | undefined
  return { ...found, roundTripMs, codec: (codec?.mimeType ?? '').replace(/^audio\//i, '') }
}

/** Watches the audio of one call: how good it is, and whether any arrives. */
export class AudioWatch {
  #first: number | null = null
  #last: Sample | null = null
  #movedAt: number | null = null

  /** Take in the figures of a moment. */
  take(sample: Sample | null, now: number): { silent: boolean; quality: CallQuality | null } {
    this.#first ??= now
    const before = this.#last
    if (sample !== null && (before === null ? sample.received > 0 : sample.received > before.received)) {
      this.#movedAt = now
    }
    if (sample !== null) this.#last = sample
    const silent = now - (this.#movedAt ?? this.#first) >= SILENCE_MS
    return { silent, quality: sample && quality(before, sample) }
  }
}

function quality(before: Sample | null, now: Sample): CallQuality {
  const lost = Math.max(0, now.lost - (before?.lost ?? 0))
  const received = Math.max(0, now.received - (before?.received ?? 0))
  const { jitterMs, roundTripMs, codec } = now
  return { lost: lost === 0 ? 0 : lost / (lost + received), jitterMs, roundTripMs, codec }
}
