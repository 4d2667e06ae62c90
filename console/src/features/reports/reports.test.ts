import { flushPromises } from '@vue/test-utils'
import { beforeAll, describe, expect, it } from 'vitest'
import { speak } from '@/shared/i18n/i18n'
import { figureText } from '@/shared/rules/figures'
import { i18n } from '@/shared/i18n/i18n'
import { serve, show } from '@/shared/testing/service'
import FigureTable from './components/FigureTable.vue'
import MatrixPage from './pages/MatrixPage.vue'
import { comparedWith, periodOf } from './periods'
import { changeText, listBehind, questionOf, type Line, type Report } from './reports'
import { paired, seriesOf } from './series'

beforeAll(() => speak('zh-CN'))

describe('the time of a report', () => {
  it('is named from the present day', () => {
    const named = (['today', 'yesterday', 'this_week', 'last_week', 'this_month', 'last_month', 'this_year'] as const).map((name) => Object.values(periodOf(name, '2026-03-01')).join(' '))
    expect(named).toEqual(['2026-03-01 2026-03-02', '2026-02-28 2026-03-01', '2026-02-23 2026-03-02', '2026-02-16 2026-02-23', '2026-03-01 2026-04-01', '2026-02-01 2026-03-01', '2026-01-01 2027-01-01'])
  })

  it('is compared with the time before it, months with whole months', () => {
    expect(comparedWith({ since: '2026-11-27', until: '2026-11-29' }, 'before')).toEqual({ since: '2026-11-25', until: '2026-11-27' })
    expect(comparedWith({ since: '2026-03-01', until: '2026-04-01' }, 'before')).toEqual({ since: '2026-02-01', until: '2026-03-01' })
    expect(comparedWith({ since: '2024-02-29', until: '2024-03-01' }, 'last_year')).toEqual({ since: '2023-02-28', until: '2023-03-01' })
    expect(comparedWith({ since: '2026-03-01', until: '2026-04-01' }, 'none')).toBeNull()
  })
})

describe('a report', () => {
  it('takes from its address only what it knows', () => {
    expect(questionOf({ of: 'tickets', group: 'queue', by: 'minute', since: 'x', within_s: '0' }, '2026-11-29')).toMatchObject({ of: 'tickets', group: 'none', by: 'hour', since: '2026-11-29', within_s: 20 })
  })

  it('writes numbers, shares and times, and how they changed', () => {
    const [share, time, count] = [{ unit: 'percent' }, { unit: 'milliseconds' }, { unit: 'count' }] as const
    expect([figureText(share, 95), figureText(time, 61_000), figureText(count, 1200), figureText(share, null)]).toEqual(['95.0 %', '01:01', '1,200', '–'])
    expect([changeText(share, 95, 97.5), changeText(count, 12, 10), changeText(count, 12, 0)]).toEqual(['−2.5 pt', '+20.0 %', ''])
  })

  const line = (since: string, key: string, offered: number) => ({ since, until: since, key, name: key, offered, wait_p50_ms: null }) as unknown as Line
  const report = (days: string[], ...lines: Line[]): Report => ({ lines, times: days.map((since) => ({ since, until: since })), time_zone: 'UTC' })
  const question = questionOf({ group: 'queue', within_s: '30' }, '2026-11-29')

  it('leads from a result to its calls', () => {
    const result = (key: string, queue: string, code: string) => ({ key, queue, result: code, name: '', since: 'a', until: 'b', calls: 2, share: 50 })
    const asked = questionOf({ of: 'results', group: 'queue' }, '2026-11-27')
    expect(listBehind(asked, result('repair/refund', 'repair', 'refund'), 'calls')).toEqual({ of: 'calls', direction: 'inbound', queued: 'true', outcome: 'answered', queue: 'repair', result: 'refund', since: 'a', until: 'b' })
    expect(listBehind(asked, result('', '', ''), 'calls')).toMatchObject({ result: '' })
    expect(listBehind(asked, result('', '', ''), 'share')).toBeNull()
  })

  it('leads from a number to exactly its calls', () => {
    expect(listBehind(question, line('a', 'repair', 2), 'answered_within')).toEqual({ of: 'calls', direction: 'inbound', queued: 'true', outcome: 'answered', wait_at_most_ms: '30000', queue: 'repair', since: 'a', until: 'a' })
    expect(listBehind(question, line('a', '', 2), 'offered')).toMatchObject({ queue: '' })
    expect(listBehind(question, line('a', 'repair', 2), 'wait_p50_ms')).toBeNull()
  })

  it('pairs buckets by their place, also where some have no calls', () => {
    const [now, before] = [report(['c', 'd'], line('d', 'repair', 4)), report(['a', 'b'], line('a', 'repair', 1), line('b', 'repair', 2))]
    expect([...paired(now, before).values()].map(({ since }) => since)).toEqual(['b'])
    const words = { total: 'n', before: 'before', nameOf: (one: Line) => one.name }
    expect(seriesOf(now, before, 'offered', false, words).map(({ values }) => values)).toEqual([[null, 4], [1, 2]])
  })
})

it('names the queue that serves a matter, and leads to its tickets', async () => {
  const cell = { kind: 'fault', channel: 'phone', registered: 1, first_contact_share: null, satisfaction: null, rated: 0, served_by: ['hotline → repair', 'hotline', 'desk'], gap: false, since: '2026-11-30T16:00:00Z', until: '2026-12-01T16:00:00Z' }
  const asked = serve({ 'GET /queues': [{ name: 'repair', title_zh: '故障报修', title_en: 'Faults' }], 'GET /reports/matrix': { kinds: ['fault'], channels: ['phone'], cells: [cell] } })
  const page = show(MatrixPage)
  await flushPromises()
  expect(page.findAll('td span.soft').slice(-3).map((one) => one.text())).toEqual(['hotline → 故障报修', 'hotline', '坐席登记'])
  expect(page.get('td a').attributes('href')).toMatch(/of=tickets&kind=fault&channel=phone&since=2026-11-30T16:00:00Z&until=2026-12-01T16:00:00Z$/)
  // Titles of flows come in the reader's language.
  i18n.global.locale.value = 'en'
  await flushPromises()
  expect(asked.filter((one) => one.path === '/reports/matrix')).toHaveLength(2)
  i18n.global.locale.value = 'zh-CN'
  page.unmount()
})

it.each([['agent', true], ['team', true], ['queue', false]] as const)('tells that a call counts for its last agent: by %s', (group, expected) => {
  const words = { nameOf: () => '', timeOf: () => '' }
  const table = show(FigureTable, { report: { lines: [], times: [], time_zone: 'UTC' }, before: undefined, figures: [], question: questionOf({ of: 'calls', group }, '2026-11-29'), ...words })
  expect(table.text().includes('最后接听的坐席')).toBe(expected)
  table.unmount()
})
