import { describe, expect, it } from 'vitest'
import { isMoment, linesOf, onlyIn, textOf, type Words } from './changes'
import { filterOf } from './queries'

const WORDS: Words = {
  yes: '是',
  no: '否',
  nothing: '—',
  hidden: '（不显示）',
  field: (name) => (name === 'hours' ? '小时' : name),
  value: (field, text) => (field === 'kind' && text === 'fault' ? '报修' : text),
}

describe('changes of the audit log', () => {
  it('are read as words, not as code', () => {
    const read = (value: unknown) => textOf('x', value, WORDS)
    expect([null, '', [], {}].map(read)).toEqual(['—', '—', '—', '—'])
    expect([true, '***', 7, ['a', 'b']].map(read)).toEqual(['是', '（不显示）', '7', 'a, b'])
    expect(read({ kind: 'fault', hours: 2, area: null })).toBe('kind: 报修; 小时: 2')
  })

  it('of a long document are the lines that differ', () => {
    const before = linesOf('policy', { rules: [{ kind: 'fault', hours: 2 }, { kind: 'x', hours: 9 }], percent: 50 }, WORDS)
    const after = linesOf('policy', { rules: [{ kind: 'fault', hours: 4 }, { kind: 'x', hours: 9 }], percent: 50 }, WORDS)
    expect(before).toHaveLength(3)
    expect([onlyIn(before, after), onlyIn(after, before)]).toEqual([['rules: kind: 报修; 小时: 2'], ['rules: kind: 报修; 小时: 4']])
  })

  it('are asked for by what the address names, the last day included', () => {
    expect(filterOf({})).toEqual({})
    const asked = filterOf({ person: 'staff-1', subject: 'staff', object: 'x', since: '2026-11-30', last: '2026-11-30' })
    expect(asked).toMatchObject({ staff_id: 'staff-1', subject: 'staff', subject_id: 'x' })
    expect(Date.parse(asked.until ?? '') - Date.parse(asked.since ?? '')).toBe(86_400_000)
    expect(filterOf({ since: 'soon' })).toEqual({})
  })

  it('knows a moment, which is shown by the clock of the house', () => {
    const texts = ['2026-11-30T08:00:11.700156Z', '2026-11-30T16:00:11+08:00', '2026-11-30', '08:00:11', 'fault']
    expect(texts.map(isMoment)).toEqual([true, true, false, false, false])
  })
})
