import { useQueryCache } from '@pinia/colada'
import { flushPromises } from '@vue/test-utils'
import { describe, expect, it, vi } from 'vitest'
import { serve, show } from '@/shared/testing/service'
import { fieldsOf, offered, requestOf, type Offer } from './actions'
import { clockBars } from './clocks'
import TicketActions from './components/TicketActions.vue'
import { countOf, filterOf, tabOf, tabsOf, tooShort } from './filters'
import { actorOf, facts } from './log'
import { ticketId, type LogView, type TicketDetail } from './queries'
import { corrections, timeline } from './timeline'

describe('the list of tickets', () => {
  it('reads its filters from the address', () => {
    expect([{}, { tab: 'undispatched' }, { tab: 'signed' }, { tab: 'nonsense' }].map((query) => filterOf(query))).toEqual([{}, { status: ['registered'] }, { status: ['signed', 'parked'] }, {}])
    expect(tabOf({ tab: 'escalated' })).toBe('escalated')
  })

  it('looks for words once enough of them are typed', () => {
    expect([' 暖气 ', '26113', '138 0000 0001', '0431-88880000', '1380000'].map((text) => filterOf({ text }))).toEqual([
      { text: '暖气' }, { text: '26113' }, { reporter_number: '13800000001' }, { reporter_number: '043188880000' }, { text: '1380000' },
    ])
    expect([tooShort(filterOf({ text: '暖' })), tooShort(filterOf({ text: '暖气' })), tooShort(filterOf({}))]).toEqual([true, false, false])
    expect(filterOf({ text: '王秀英', customer: 'c-7' })).toEqual({ customer_id: 'c-7' })
  })

  it('counts what each tab has', () => {
    const counts = { total: 9, escalated: 2, by_status: { registered: 3, refused: 1, signed: 4, survey: 2 } } as never
    expect((['all', 'undispatched', 'refused', 'escalated', 'signed', 'replied'] as const).map((tab) => countOf(tab, counts))).toEqual([9, 3, 1, 2, 4, 2])
  })
})

describe('the log of a ticket', () => {
  const words = { nameOf: () => '', label: (group: string, value: string) => `${group}:${value}`, moment: (at: string) => `at ${at}` }

  it('says values of the service and moments in words, and calls the system so', () => {
    const entry = (action: string, detail: object) => facts({ action, detail } as unknown as LogView, words)
    expect(entry('refuse', { reason: 'not_our_area', explanation: 'x' })).toEqual([['reason', 'RefusalReason:not_our_area'], ['explanation', 'x']])
    expect(entry('park', { reason: 'other' })).toEqual([['reason', 'other']])
    expect(entry('ask_extension', { until: '2026-11-30' })).toEqual([['until', 'at 2026-11-30']])
    expect([actorOf({ actor_kind: 'system', actor_name: 'hotline' }, words.label), actorOf({ actor_kind: 'system', actor_name: '王红' }, words.label), actorOf({ actor_kind: 'staff', actor_name: '王红 (8001)' }, words.label)]).toEqual(['ActorKind:system', 'ActorKind:system · 王红', '王红 (8001)'])
  })

  it('names departments, and leaves out ids and what is no text', () => {
    const entry = { detail: { department_id: 'd-1', person_id: 'p-9', reason: '不热', count: 2, before: { a: 1 }, note: '' } } as unknown as LogView
    expect(facts(entry, { ...words, nameOf: (id) => (id === 'd-1' ? '城东维修工区' : '') })).toEqual([['department', '城东维修工区'], ['reason', '不热'], ['count', '2']])
  })
})

describe('the actions on a ticket', () => {
  const offer = (action: string, ...fields: [string, boolean][]) =>
    ({ action, method: 'POST', path: `/api/v1/tickets/t/${action}`, fields: fields.map(([name, required]) => ({ name, required })) }) as Offer
  const ticket = { subject: '不热', description: '', address: '', area: '', urgency: 'normal', category_id: null, version: 7 } as unknown as TicketDetail

  it('are offered where the page can ask for what they need, what is done most first', () => {
    const offers = [offer('cancel', ['reason', true]), offer('attach', ['recording_id', true]), offer('sign'), offer('refuse', ['reason', true], ['evidence_recording_id', false])]
    expect(offered(offers).map((one) => one.action)).toEqual(['sign', 'refuse', 'cancel'])
    expect(fieldsOf(offers[3] as Offer)).toEqual([{ name: 'reason', required: true, control: 'choice', group: 'RefusalReason' }])
  })

  it('name the version they were decided on', () => {
    expect(requestOf(offer('park', ['version', false], ['reason', true]), ticket, { reason: ' 等待用户 ' })).toEqual({ reason: '等待用户', version: 7 })
  })

  it('correct only what was changed', () => {
    const correct = offer('correct', ['version', false], ['subject', false], ['address', false], ['reason', false])
    expect(requestOf(correct, ticket, { subject: '不热', address: '幸福路12号', reason: '听错' })).toEqual({ address: '幸福路12号', reason: '听错', version: 7 })
  })

  it('begin at a department with what it has to sign for', () => {
    expect(filterOf({}, tabsOf('department'))).toEqual({ status: ['dispatched'] })
  })
})

describe('a ticket by its number', () => {
  it('is said not to be there, and is not asked for under its number', async () => {
    const asked = serve({ 'GET /tickets': [] })
    await expect(ticketId('26113099999')).rejects.toMatchObject({ slug: 'unknown-ticket' })
    await expect(ticketId('123')).rejects.toMatchObject({ slug: 'unknown-ticket' })
    expect(asked.map((one) => one.path)).toEqual(['/tickets'])
    vi.unstubAllGlobals()
  })
})

describe('the form of an action', () => {
  it('ends with success, also where the ticket has no such action any more', async () => {
    const offer = { action: 'sign', method: 'POST', path: '/api/v1/tickets/t/sign', fields: [] }
    const view = (may: unknown[]) => ({ id: 't', number: '1', version: 1, log: [], may }) as never
    serve({ 'POST /tickets/t/sign': {} })
    const page = show(TicketActions, { ticket: view([offer]) })
    await page.find('.actions button').trigger('click')
    // As the page does: the ticket is read again before the form has ended.
    vi.spyOn(useQueryCache(), 'invalidateQueries').mockImplementation(async () => page.setProps({ ticket: view([]) }))
    await page.find('form').trigger('submit')
    await flushPromises()
    await vi.waitFor(() => expect(page.find('form').exists()).toBe(false))
    expect(page.find('[role=alert]').exists()).toBe(false)
    page.unmount()
    vi.unstubAllGlobals()
  })
})

describe('the timeline of a ticket', () => {
  it('puts everything in one line, newest first, with files at the action that brought them', () => {
    const events = timeline({
      log: [{ version: 1, at: '2026-11-01T08:00:00Z' }, { version: 2, at: '2026-11-01T10:00:00Z' }] as LogView[],
      files: [{ id: 'file-1', version: 2 }] as never, recordings: [{ id: 'rec-1', started_at: '2026-11-01T09:00:00Z' }] as never,
      notes: new Map([['rec-1', '退单证据']]), visits: [], answers: [], notices: [],
    })
    expect(events.map((event) => event.key)).toEqual(['log-2', 'rec-1', 'log-1'])
    expect(events[0]).toMatchObject({ files: [{ id: 'file-1' }] })
    expect(events[1]).toMatchObject({ note: '退单证据' })
  })

  it('has one entry for the recordings of a call, in the order in which they were made', () => {
    const recording = (id: string, call_id: string, kind: string, started_at: string) => ({ id, call_id, kind, started_at })
    const recordings = [
      recording('rec-2', 'call-1', 'conversation', '2026-11-01T09:05:00Z'), recording('rec-1', 'call-1', 'conversation', '2026-11-01T09:00:00Z'),
      recording('rec-3', 'call-1', 'survey', '2026-11-01T09:06:00Z'), recording('rec-4', 'call-2', 'conversation', '2026-11-01T10:00:00Z'),
    ] as never
    const events = timeline({ log: [], files: [], recordings, notes: new Map([['rec-2', '建议']]), visits: [], answers: [], notices: [] })
    expect(events.map((event) => event.kind === 'recording' && event.recordings.map((one) => one.id))).toEqual([['rec-4'], ['rec-3'], ['rec-1', 'rec-2']])
    expect(events[2]).toMatchObject({ at: '2026-11-01T09:00:00Z', note: '建议' })
  })

  it('shows a correction before and after', () => {
    const entry = { detail: { before: { address: '8号', category_id: 'c-1' }, after: { address: '9号', category_id: 'c-2' } } } as unknown as LogView
    expect(corrections(entry, (id) => ({ 'c-1': '漏水', 'c-2': '不热' })[id] ?? '')).toEqual([
      { field: 'address', before: '8号', after: '9号' }, { field: 'category_id', before: '漏水', after: '不热' },
    ])
    expect(corrections({ detail: {} } as unknown as LogView, () => '')).toEqual([])
  })
})

describe('the clocks of a ticket', () => {
  it('stand on one scale, late ones beyond their end', () => {
    const clock = (started_at: string, due_at: string, stopped_at: string | null, is_late: boolean) =>
      ({ clock: 'respond', round: 1, started_at, due_at, stopped_at, paused_at: null, is_late, steps: [] }) as never
    const { bars, now } = clockBars(
      [clock('2026-11-01T00:00:00Z', '2026-11-01T01:00:00Z', '2026-11-01T00:30:00Z', false), clock('2026-11-01T00:00:00Z', '2026-11-01T02:00:00Z', null, true)],
      Date.parse('2026-11-01T04:00:00Z'),
    )
    expect(bars.map(({ from, due, until }) => [from, due, until])).toEqual([[0, 0.25, 0.125], [0, 0.5, 1]])
    expect(now).toBe(1)
  })
})
