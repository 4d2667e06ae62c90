import { describe, expect, it } from 'vitest'
import { saidTo } from './asking'
import type { ScriptLine } from './queries'

describe('the script of a survey', () => {
  it('reminds only a satisfied customer of an open fee', () => {
    const lines = (['solved', 'attitude', 'remind_payment', 'closing'] as const).map((part) => ({ part, text: part })) as unknown as ScriptLine[]
    const parts = (solved: boolean | null, attitude: 'satisfied' | 'average' | 'dissatisfied' | null) => saidTo({ solved, attitude }, lines).map((one) => one.part)
    expect(parts(true, 'satisfied')).toContain('remind_payment')
    for (const [solved, attitude] of [[true, 'dissatisfied'], [true, 'average'], [false, 'satisfied'], [true, null], [null, null]] as const) expect(parts(solved, attitude)).not.toContain('remind_payment')
  })
})
