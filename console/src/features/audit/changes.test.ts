import { flushPromises } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import { serve, show } from '@/shared/testing/service'
import { isMoment, linesOf, onlyIn, textOf, weekdayText, type Words } from './changes'
import AuditChanges from './components/AuditChanges.vue'
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

  it('name queues, phones and days as people do', async () => {
    serve({
      'GET /queues': [{ name: 'repair', title_zh: '故障报修', title_en: 'Faults' }],
      'GET /labels': { groups: { PhoneKind: { browser: { zh: '浏览器电话', en: 'phone in the browser' } } } },
    })
    const after = { name: '甲', queues: ['repair', 'gone'], phone: 'browser', weekday: 1 }
    const shown = async (subject: string) => {
      const entry = { subject, action: 'create', changes: Object.fromEntries(Object.entries(after).map(([name, one]) => [name, { before: null, after: one }])) }
      const page = show(AuditChanges, { entry, nameOf: (id: string) => id })
      await flushPromises()
      const found = page.findAll('dl > div').map((one) => `${one.find('dt').text()} ${one.find('dd').text()}`)
      page.unmount()
      return found
    }
    expect(await shown('staff')).toEqual(['姓名 甲', '队列 故障报修, gone', '所选话机 浏览器电话', '星期 星期一'])
    expect((await shown('category'))[0]).toBe('名称 甲')
    expect(['1 09:00', '7', 'x', ''].map(weekdayText)).toEqual(['星期一 09:00', '星期日', 'x', ''])
  })

  it('of a long document are the lines that differ', () => {
    const before = linesOf('policy', { rules: [{ kind: 'fault', hours: 2 }, { kind: 'x', hours: 9 }], percent: 50 }, WORDS)
    const after = linesOf('policy', { rules: [{ kind: 'fault', hours: 4 }, { kind: 'x', hours: 9 }], percent: 50 }, WORDS)
    expect(before).toHaveLength(3)
    expect([onlyIn(before, after), onlyIn(after, before)]).toEqual([['rules: kind: 报修; 小时: 2'], ['rules: kind: 报修; 小时: 4']])
  })

  it('of a form and of shifts are the entries that differ', () => {
    const scope = { name: 'scope', kind: 'fault', required: false }
    const [before, after] = [[scope, { name: 'price' }], [{ ...scope, required: true }, { name: 'price' }]].map((fields) => linesOf('fields', fields, WORDS))
    expect(onlyIn(after ?? [], before ?? [])).toEqual(['name: scope; kind: 报修; required: 是'])
    expect(linesOf('shifts', [], WORDS)).toEqual(['—'])
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
