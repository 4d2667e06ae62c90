import { flushPromises } from '@vue/test-utils'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { nextTick } from 'vue'
import { useDesk } from '@/shared/socket/desk'
import type { Pop, ServerMessage } from '@/shared/socket/messages'
import { serve, show } from '@/shared/testing/service'
import AfterCall from './components/AfterCall.vue'
import MatterList from './components/MatterList.vue'
import TicketPanel from './components/TicketPanel.vue'
import { stageOf } from './state/call-stage'
import { grouped } from '@/shared/filing/categories'
import { numberOf, onlyOne, type Target } from './state/targets'
import { meant, useTicketDraft } from './state/ticket-draft'
import { timeline } from './state/timeline'
import { useUnsentForm } from './state/wrap-up'

const customer = (id: string, name: string, address: string) => ({ id, name, address, area: '城东', account_number: id, grade: 'C', arrears_cents: 0, contract_active: true, missing: [], why: null })
const pop = {
  id: 'p-1', call_id: 'c-1', offered_at_ms: 1_000_000_000, queue: 'repair', waited_ms: 0, greeting: { zh: '您好', en: 'Hello' },
  number: { display: '+8613800000005', origin: null }, customers: [customer('a', '孙丽', '人民路21号'), customer('b', '孙丽商铺', '人民路23号')],
  customer_id: null, history: null, open_tickets: [], similar: [], keys: [], kind: 'fault', arrears: null,
} as unknown as Pop
const hear = (message: object) => useDesk().apply(message as ServerMessage)

afterEach(() => {
  document.body.innerHTML = ''
  vi.unstubAllGlobals()
})

describe('the draft of a call', () => {
  it('begins with what is known, and follows the chosen customer where nothing else was typed', () => {
    hear({ type: 'pop', pop })
    const { draft } = useTicketDraft()
    expect([draft.kind, draft.number, draft.name]).toEqual(['fault', '138 0000 0005', ''])
    meant(draft, pop, 'a')
    draft.address = '人民路21号 4单元'
    meant(draft, pop, 'b')
    expect([draft.name, draft.address, draft.customer_id]).toEqual(['孙丽商铺', '人民路21号 4单元', 'b'])
  })

  it('survives a reload in this browser, and the newest of two wins', async () => {
    hear({ type: 'pop', pop })
    useTicketDraft().draft.subject = '暖气不热'
    await nextTick()
    expect(JSON.parse(localStorage.getItem('hotline.draft.c-1') ?? '{}')).toMatchObject({ subject: '暖气不热' })
    const newer = { call_id: 'c-1', fields: { subject: '漏水', saved_at: Date.now() + 1000 }, by: '', by_name: '', at_ms: 0, revision: 1 }
    useDesk().draft = newer
    useDesk().pop = null
    await nextTick()
    useDesk().pop = { ...pop }
    await nextTick()
    expect(useTicketDraft().draft.subject).toBe('漏水')
  })
})

describe('the draft of two agents', () => {
  it('has the words of both; those of the other are not sent back', async () => {
    hear({ type: 'pop', pop })
    const work = useTicketDraft()
    work.draft.subject = '暖气不热'
    await nextTick()
    const stored = localStorage.getItem('hotline.draft.c-1')
    hear({ type: 'draft', draft: { call_id: 'c-1', fields: { description: '室温十二度', result: 'answered' }, by: 'other', by_name: '陈静', at_ms: 1 } })
    await nextTick()
    expect([work.draft.subject, work.draft.description, work.draft.result, work.by]).toEqual(['暖气不热', '室温十二度', null, '陈静'])
    expect(localStorage.getItem('hotline.draft.c-1')).toBe(stored)
    hear({ type: 'draft', draft: { call_id: 'c-0', fields: { subject: 'x' }, by: 'other', by_name: '陈静', at_ms: 1 } })
    await nextTick()
    expect(work.draft.subject).toBe('暖气不热')
  })
})

describe('the draft that two agents type at once', () => {
  const said = () => vi.mocked(useDesk().send).mock.calls.map(([command]) => (command as { fields: Record<string, unknown> }).fields)
  const theirs = (fields: object, revision: number) => hear({ type: 'draft', draft: { call_id: 'c-1', fields, by: 'other', by_name: '陈静', at_ms: 1, revision } })

  it('sends what was changed, and of each field the last value stays', async () => {
    vi.useFakeTimers()
    const desk = useDesk()
    desk.send = vi.fn(() => true)
    hear({ type: 'pop', pop: { ...pop, call_id: 'c-2', id: 'p-2' } })
    hear({ type: 'pop', pop })
    const { draft } = useTicketDraft()
    draft.subject = '暖气不热'
    await vi.advanceTimersByTimeAsync(500)
    expect(said()[0]).toMatchObject({ subject: '暖气不热', kind: 'fault' })
    expect(said()[0]).not.toHaveProperty('description')
    draft.subject = '暖气全楼不热'
    draft.form['room'] = '三楼'
    await nextTick()
    theirs({ description: '室温十二度', subject: '漏水', 'form.floor': 3 }, 2)
    await vi.advanceTimersByTimeAsync(500)
    expect([draft.subject, draft.description, draft.form]).toEqual(['暖气全楼不热', '室温十二度', { room: '三楼', floor: 3 }])
    expect(Object.keys(said()[1] ?? {}).toSorted()).toEqual(['form.room', 'saved_at', 'subject'])
    theirs({ subject: '水管漏水' }, 4)
    theirs({ subject: '晚到的' }, 3)
    await vi.advanceTimersByTimeAsync(500)
    expect(draft.subject).toBe('水管漏水')
    expect(said()).toHaveLength(2)
    vi.useRealTimers()
  })
})

describe('the ticket of a call', () => {
  const filed = { id: 't-1', number: '26112900001', version: 1, status: 'registered', subject: '暖气不热', category_id: null, area: '', may: [] }

  it('asks for the problem before it asks the service', async () => {
    const asked = serve({})
    hear({ type: 'pop', pop })
    const panel = show(TicketPanel, { pop })
    await panel.find('form').trigger('submit')
    await flushPromises()
    expect(panel.find('.field-error').text()).toBe('请填写')
    expect(document.activeElement?.getAttribute('aria-invalid')).toBe('true')
    expect(asked.filter((one) => one.method === 'POST')).toEqual([])
  })

  it('is filed once, with the call and the caller', async () => {
    const asked = serve({ 'POST /tickets': filed, 'GET /tickets/t-1': filed })
    hear({ type: 'pop', pop })
    const work = useTicketDraft()
    meant(work.draft, pop, 'a')
    work.draft.subject = '暖气不热'
    const panel = show(TicketPanel, { pop })
    await panel.find('form').trigger('submit')
    await panel.find('form').trigger('submit')
    const posts = () => asked.filter((one) => one.path === '/tickets')
    await vi.waitFor(() => expect(posts()).toHaveLength(1))
    expect(posts()[0]?.body).toMatchObject({ kind: 'fault', call_id: 'c-1', reporter: { customer_id: 'a', number: '138 0000 0005', name: '孙丽' } })
    // The filed ticket's part is fetched by itself.
    await vi.dynamicImportSettled()
    await vi.waitFor(() => expect(panel.text()).toContain('26112900001'), { timeout: 10_000 })
    expect(posts()).toHaveLength(1)
  })

  it('of a call that went to a colleague is filed by that one, or reopened', async () => {
    serve({})
    hear({ type: 'pop', pop })
    hear({ type: 'call', call_id: 'c-1', stage: 'connected', over: true })
    const panel = show(TicketPanel, { pop })
    expect([panel.find('form').exists(), panel.text().includes('通话已转给同事')]).toEqual([false, true])
    await panel.findAll('button').at(-1)?.trigger('click')
    expect(panel.find('form').exists()).toBe(true)
  })

  it('shows a refusal at its field', async () => {
    const errors = [{ field: 'address', rule: '地址过长', code: 'string_too_long', parameters: {} }]
    serve({ 'POST /tickets': { type: '/problems/invalid', title: '填写有误', status: 422, detail: '填写有误', errors } })
    hear({ type: 'pop', pop })
    useTicketDraft().draft.subject = '暖气不热'
    const panel = show(TicketPanel, { pop })
    await panel.find('form').trigger('submit')
    await flushPromises()
    expect(panel.findAll('.field-error').map((one) => one.text())).toEqual(['地址过长'])
  })
})

describe('the pieces of the desk', () => {
  it('put calls and tickets on one line of time', () => {
    const day = 86_400_000
    const tickets = [{ id: 't', registered_at_ms: 15 * day, subject: 'x', status: 'refused' }]
    const calls = [{ id: 'c', started_at_ms: 30 * day, direction: 'inbound', outcome: 'answered' }]
    const events = timeline({ days: 30, tickets, calls } as unknown as NonNullable<Pop['history']>, 30 * day)
    expect(events.map((one) => [one.id, one.place, one.tone])).toEqual([['c', 1, 'plain'], ['t', 0.5, 'bad']])
  })

  it('name the stage of a call', () => {
    const call = (state: string) => ({ state }) as never
    expect([stageOf('ringing', null), stageOf('talking', call('held')), stageOf('talking', call('away')), stageOf('talking', null, true), stageOf('wrap_up', null), stageOf('ready', null)]).toEqual(['ringing', 'held', 'away', 'ringing', 'wrap_up', 'over'])
  })

  it('put causes of the kind under their topmost cause, without those out of use', () => {
    const cause = (id: string, parent_id: string | null, active = true, fits = ['fault' as const]) => ({ id, name: id, name_en: '', parent_id, department_id: null, kinds: [], fits, active })
    const groups = grouped([cause('heat', null), cause('cold', 'heat'), cause('leak', 'cold'), cause('old', 'heat', false), cause('rude', 'heat', true, []), cause('alone', null)], 'fault')
    expect(groups.map((one) => [one.id, one.categories.map((each) => each.id)])).toEqual([['heat', ['cold', 'leak']], ['alone', ['alone']]])
  })

  it('find whom to transfer to, or a number to dial', () => {
    const chen: Target = { kind: 'agent', id: 's', name: '陈静', hint: '1002', state: '示闲', available: true, free: true, favourite: false }
    const number = numberOf('138 0000-0001')
    expect(number.map((one) => one.id)).toEqual(['13800000001'])
    expect([onlyOne([...numberOf('1002'), chen]), onlyOne(number)]).toEqual([chen, number[0]])
    expect([onlyOne([chen, { ...chen, id: 't' }]), onlyOne([{ ...chen, available: false }]), onlyOne([])]).toEqual([null, null, null])
  })
})

describe('what a call leaves undone', () => {
  it('stays on the idle desk: the form not sent, then its ticket not dispatched', async () => {
    const filed = { id: 't-1', number: '26112900001', version: 1, status: 'registered', subject: '漏水', category_id: null, area: '', may: [] }
    serve({ 'POST /tickets': filed, 'GET /tickets/t-1': filed })
    hear({ type: 'pop', pop })
    const work = useTicketDraft()
    work.draft.subject = '漏水'
    await nextTick()
    hear({ type: 'pop_closed', call_id: 'c-1' })
    await nextTick()
    const rest = show(AfterCall)
    expect(rest.text()).toContain('尚未提交')
    await rest.find('form').trigger('submit')
    await flushPromises()
    await vi.dynamicImportSettled()
    await flushPromises()
    expect([rest.text().includes('尚未提交'), rest.text().includes('26112900001'), rest.text().includes('尚未派单')]).toEqual([false, true, true])
    rest.unmount()
  })

  it('is asked more time for, once, before the wrap-up ends over it', async () => {
    vi.useFakeTimers()
    hear({ type: 'pop', pop })
    useTicketDraft().draft.subject = '漏水'
    hear({ type: 'agent', agent_id: 'a', state: 'wrap_up', since_ms: Date.now(), until_ms: Date.now() + 12_000 })
    const sent: object[] = []
    vi.spyOn(useDesk(), 'send').mockImplementation((command) => sent.push(command) > 0)
    const part = show({ template: '<i />', setup: () => useUnsentForm() })
    await vi.advanceTimersByTimeAsync(5000)
    expect(sent.filter((one) => 'seconds' in one)).toEqual([{ type: 'extend_wrap_up', seconds: 60 }])
    part.unmount()
    vi.useRealTimers()
  })

  it('counts the ticket filed in the call among the open ones', async () => {
    serve({})
    hear({ type: 'pop', pop })
    const work = useTicketDraft()
    work.draft.subject = '漏水'
    work.draft.filed = { id: 't-1', number: '26112900001' }
    await nextTick()
    const matters = show(MatterList, { pop })
    expect(matters.find('.matter').text()).toContain('26112900001')
    matters.unmount()
  })
})
