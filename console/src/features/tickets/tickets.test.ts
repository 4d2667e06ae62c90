import { useQueryCache } from '@pinia/colada'
import { flushPromises } from '@vue/test-utils'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { keepDraft, readDraft } from '@/shared/kept/draft'
import { useKept } from '@/shared/kept/kept'
import { useSession } from '@/shared/session/session'
import { serve, show } from '@/shared/testing/service'
import { fieldsOf, initial, isAtOnce, neededFields, offered, requestOf, type Offer } from './actions'
import { clockBars } from './clocks'
import TicketActions from './components/TicketActions.vue'
import { countOf, filterOf, tabOf, tabsOf, tooShort } from './filters'
import { surveyReason } from './answers'
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
    const counts = { total: 1009, escalated: 2, by_status: { registered: 3, refused: 1, signed: 4, survey: 2, archived: 1000 }, more: ['archived'], more_escalated: false } as never
    expect((['all', 'undispatched', 'refused', 'escalated', 'signed', 'replied', 'archived'] as const).map((tab) => countOf(tab, counts))).toEqual(['1009+', '3', '1', '2', '4', '2', '1000+'])
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

  it('words the result of a survey in the page\'s language, and leaves what people wrote', () => {
    const said = { t: (key: string) => key, label: words.label }
    expect(surveyReason({ reason: '回访：已解决', survey: { solved: true, attitude: 'satisfied', score: 9 } }, said)).toBe('tickets.event.survey tickets.answer.solved shared.yes · tickets.answer.attitude Attitude:satisfied · tickets.answer.score 9')
    expect(surveyReason({ reason: '未接通', survey: {} }, said)).toBe('tickets.event.survey tickets.not_reached')
    expect(surveyReason({ reason: '电话确认' }, said)).toBeNull()
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
  const seen = { version: 7, values: { ...initial(offer('correct'), ticket) } }

  it('are offered where the page can ask for what they need, what is done most first', () => {
    const offers = [offer('cancel', ['reason', true]), offer('attach', ['recording_id', true]), offer('sign'), offer('refuse', ['reason', true], ['evidence_recording_id', false])]
    expect(offered(offers).map((one) => one.action)).toEqual(['sign', 'refuse', 'cancel'])
    expect(fieldsOf(offers[3] as Offer)).toEqual([{ name: 'reason', required: true, control: 'choice', group: 'RefusalReason' }])
  })

  it('ask for nothing that a ticket does not need', () => {
    const reply = offer('reply', ['text', true], ['left_out_because', false])
    const visit = offer('book_visit', ['visit_from', true], ['department_id', false])
    const names = (of: Offer, states: string[], role: string) =>
      neededFields(of, { ...ticket, co_handlers: states.map((state) => ({ department_id: 'd', state })) } as unknown as TicketDetail, role).map((one) => one.name + (one.required ? '*' : ''))
    expect([names(reply, [], 'department'), names(reply, ['replied'], 'department'), names(reply, ['signed'], 'department')]).toEqual([['text*'], ['text*'], ['text*', 'left_out_because*']])
    expect([names(visit, [], 'department'), names(visit, [], 'agent')]).toEqual([['visit_from*'], ['visit_from*', 'department_id']])
    expect([isAtOnce(offer('sign', ['version', false])), isAtOnce(offer('unmerge')), isAtOnce(reply)]).toEqual([true, false, false])
  })

  it('name the version they were decided on', () => {
    expect(requestOf(offer('park', ['version', false], ['reason', true]), seen, { reason: ' 等待用户 ' })).toEqual({ reason: '等待用户', version: 7 })
  })

  it('correct only what was changed', () => {
    const correct = offer('correct', ['version', false], ['subject', false], ['address', false], ['reason', false])
    expect(requestOf(correct, seen, { subject: '不热', address: '幸福路12号', reason: '听错' })).toEqual({ address: '幸福路12号', reason: '听错', version: 7 })
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

describe('the form of a correction', () => {
  const correct = { action: 'correct', method: 'POST', path: '/api/v1/tickets/t/correct', fields: ['version', 'subject', 'address'].map((name) => ({ name, required: false })) }
  const moved = { version: 2, action: 'correct', at: '2026-12-01T00:00:00Z', actor_kind: 'staff', actor_name: '李工', detail: { before: { address: '旧' }, after: { address: '新' } } }
  const view = (version: number, address: string, log: unknown[] = []) => ({ id: 't', number: '1', version, subject: '不热', description: '', address, area: '', urgency: 'normal', category_id: null, log, may: [correct] }) as never
  const refusal = { type: '/problems/ticket-changed', title: '工单已被他人修改', status: 409, detail: '', errors: [] }

  afterEach(() => {
    localStorage.clear()
    sessionStorage.clear()
    vi.unstubAllGlobals()
  })

  it('sends the version it was opened with, whatever the page has read since, and shows what another person changed', async () => {
    useSession().who = { staff_id: 's' } as never
    const asked = serve({ 'POST /tickets/t/correct': refusal })
    const page = show(TicketActions, { ticket: view(1, '旧') })
    await page.find('.actions button').trigger('click')
    await page.setProps({ ticket: view(2, '新', [moved]) })
    const [subject, address] = page.findAll<HTMLInputElement>('form input')
    await subject?.setValue('管道漏水')
    await page.find('form').trigger('submit')
    await vi.waitFor(() => expect(page.find('.meanwhile').text()).toContain('旧 → 新'))
    expect(asked.find((one) => one.method === 'POST')?.body).toEqual({ subject: '管道漏水', version: 1 })
    expect([subject?.element.value, address?.element.value]).toEqual(['管道漏水', '新'])
    const again = serve({ 'POST /tickets/t/correct': {} })
    await page.find('form').trigger('submit')
    await vi.waitFor(() => expect(again.find((one) => one.method === 'POST')?.body).toEqual({ subject: '管道漏水', version: 2 }))
    page.unmount()
  })

  it('is open again after a reload, with the words typed and nothing else', async () => {
    const page = show(TicketActions, { ticket: view(1, '旧') })
    await page.find('.actions button').trigger('click')
    await page.find('form input').setValue('管道漏水')
    page.unmount()
    expect(readDraft('t', 'correct')).toEqual({ version: 1, values: { subject: '管道漏水' }, photos: 0 })
    const reloaded = show(TicketActions, { ticket: view(2, '新', [moved]) })
    expect(reloaded.findAll<HTMLInputElement>('form input').map((one) => one.element.value)).toEqual(['管道漏水', '新'])
    await reloaded.find('form button:not([type=submit])').trigger('click')
    reloaded.unmount()
    const closed = show(TicketActions, { ticket: view(2, '新', [moved]) })
    expect(closed.find('form').exists()).toBe(false)
    closed.unmount()
  })

  it('does nothing a second time where the action needs no form', () => {
    const sign = { action: 'sign', method: 'POST', path: '/api/v1/tickets/t/sign', fields: [] }
    sessionStorage.setItem('hotline.open.t', 'sign')
    const asked = serve({})
    const page = show(TicketActions, { ticket: { id: 't', number: '1', version: 1, log: [], may: [sign] } })
    expect([page.find('form').exists(), asked.some((one) => one.method === 'POST')]).toEqual([false, false])
    page.unmount()
  })

  it('asks again for the photos that a reload lost', () => {
    const refuse = { action: 'refuse', method: 'POST', path: '/x', fields: [{ name: 'explanation', required: true }, { name: 'file_ids', required: false }] }
    keepDraft('t', 'refuse', { version: 1, values: { explanation: '不归我们' }, photos: 2 })
    sessionStorage.setItem('hotline.open.t', 'refuse')
    const page = show(TicketActions, { ticket: { id: 't', number: '1', version: 1, log: [], may: [refuse] } })
    expect(page.find('.photos [role=status]').text()).toContain('2')
    page.unmount()
  })

  it('waits while an action of the same ticket is kept on the device', async () => {
    useSession().who = { staff_id: 's' } as never
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('no network')))
    await useKept().submit({ key: 'k', staffId: 's', ticketId: 't', ticketNumber: '1', action: 'refuse', path: '/x', body: {}, values: {}, files: [], at: 1, refusal: null })
    const page = show(TicketActions, { ticket: view(1, '旧') })
    expect(page.find('.waits').exists()).toBe(true)
    await page.find('.actions button').trigger('click')
    expect(page.find('form').exists()).toBe(false)
    page.unmount()
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
