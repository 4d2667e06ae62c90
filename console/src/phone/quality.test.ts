import { describe, expect, it } from 'vitest'
import { AudioWatch, sampleOf, SILENCE_MS, type Sample } from './quality'

const sample = (at: number, received: number, lost = 0): Sample => ({
  at,
  received,
  lost,
  jitterMs: 4,
  roundTripMs: 12,
  codec: 'opus',
})

describe('audio of a call', () => {
  it('is silent once nothing has arrived for two seconds, and no longer when it is back', () => {
    const watch = new AudioWatch()
    expect(watch.take(sample(0, 10), 0).silent).toBe(false)
    expect(watch.take(sample(1900, 10), 1900).silent).toBe(false)
    expect(watch.take(sample(SILENCE_MS, 10), SILENCE_MS).silent).toBe(true)
    expect(watch.take(sample(2500, 11), 2500).silent).toBe(false)
  })

  it('is silent where none arrived since the beginning', () => {
    const watch = new AudioWatch()
    expect(watch.take(null, 100)).toEqual({ silent: false, quality: null })
    expect(watch.take(sample(2200, 0), 2200).silent).toBe(true)
  })

  it('loses the share of packets of the last moment, not of the whole call', () => {
    const watch = new AudioWatch()
    watch.take(sample(0, 1000, 500), 0)
    expect(watch.take(sample(500, 1075, 525), 500).quality?.lost).toBeCloseTo(0.25)
    expect(watch.take(sample(1000, 1150, 525), 1000).quality?.lost).toBe(0)
  })

  it('is read from the browser by the kinds of its figures', () => {
    const report = new Map<string, Record<string, unknown>>([
      ['c', { type: 'codec', mimeType: 'audio/opus' }],
      ['v', { type: 'inbound-rtp', kind: 'video', packetsReceived: 7 }],
      [
        'a',
        { type: 'inbound-rtp', kind: 'audio', codecId: 'c', packetsReceived: 50, packetsLost: 2, jitter: 0.0042 },
      ],
      ['p', { type: 'candidate-pair', nominated: true, currentRoundTripTime: 0.031 }],
    ])
    expect(sampleOf(report as never, 5)).toEqual({
      at: 5,
      received: 50,
      lost: 2,
      jitterMs: 4,
      roundTripMs: 31,
      codec: 'opus',
    })
    expect(sampleOf(new Map() as never, 5)).toBeNull()
  })
})
