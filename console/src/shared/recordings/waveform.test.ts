import { describe, expect, it } from 'vitest'
import { bars } from './waveform'

describe('a waveform', () => {
  it('keeps the loudest peak of each stretch', () => {
    expect(bars([0, 0.9, 0, 0.1, 0.2, 0], 9)).toEqual([{ x: 0, height: 0.9 }, { x: 3, height: 0.1 }, { x: 6, height: 0.2 }])
  })

  it('has no more bars than peaks, and none above the top', () => {
    expect(bars([1.4], 300)).toEqual([{ x: 0, height: 1 }])
  })
})
