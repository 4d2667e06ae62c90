import { flushPromises } from '@vue/test-utils'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { nextTick } from 'vue'
import { useDesk } from '@/shared/socket/desk'
import type { CallChanged, Pop, ServerMessage } from '@/shared/socket/messages'
import { serve, show } from '@/shared/testing/service'
import CallBar from './components/CallBar.vue'
// Parts that a page loads when they are needed are there before the first test: a busy machine takes seconds for them.
import './components/CallOutcome.vue'
import './components/CallResult.vue'
import CallButtons from './components/CallButtons.vue'
import CallTags from './components/CallTags.vue'
import OwnFigures from './components/OwnFigures.vue'
import ShiftBar from './components/ShiftBar.vue'
import TargetRow from './components/TargetRow.vue'
import TicketPanel from './components/TicketPanel.vue'
import { useToasts } from '@/shared/ui/toasts'
import { waitsSince } from './state/pick-up'
import { usePopTickets } from './state/pop-tickets'
import type { Target } from './state/targets'
import { useTicketDraft } from './state/ticket-draft'

const pop = {
  id: 'p-1', call_id: 'c-1', offered_at_ms: 1_000_000_000, queue: 'repair', waited_ms: 0, greeting: { zh: '您好', en: 'Hello' },
  number: null, customers: [], customer_id: null, history: null, open_tickets: [], similar: [], keys: [], kind: 'fault', arrears: null,
} as unknown as Pop
const hear = (message: object) => useDesk().apply(message as ServerMessage)
const own = (state: string) => hear({ type: 'agent', agent_id: 'a', state, since_ms: 1, until_ms: null })
const call = (more: object) => ({ call_id: 'c-1', may: [], recording: true, role: 'agent', agent: { id: 'b', name: '刘芳', staff_number: '1001' }, ...more }) as unknown as CallChanged
const party = (answered: boolean) => ({ kind: 'agent', id: 'c', name: '陈静', answered })

afterEach(() => {
  document.body.innerHTML = ''
  vi.unstubAllGlobals()
})

describe('the tickets of a pop', () => {
  it('are as the service has them: status and time of one that was filed and dispatched', async () => {
    const registered = Date.parse('2026-11-30T14:28:00Z')
    const ticket = { id: 't-1', number: '26112900001', kind: 'fault', status: 'registered', subject: '漏水', urge_count: 0, registered_at: '2026-11-30T14:28:00Z' }
    serve({ 'GET /tickets/t-1': ticket })
    hear({ type: 'pop', pop: { ...pop, history: { days: 30, tickets: [], calls: [] } } })
    const [work, tickets] = [useTicketDraft(), usePopTickets()]
    work.draft.filed = { id: 't-1', number: '26112900001' }
    await flushPromises()
    expect([tickets.open[0]?.status, tickets.open[0]?.registered_at_ms, tickets.history?.tickets[0]?.registered_at_ms]).toEqual(['registered', registered, registered])
    serve({ 'GET /tickets/t-1': { ...ticket, status: 'dispatched' } })
    hear({ type: 'ticket', ticket_id: 't-2' })
    hear({ type: 'ticket', ticket_id: 't-1' })
    await flushPromises()
    expect([tickets.open[0]?.status, tickets.history?.tickets[0]?.status]).toEqual(['dispatched', 'dispatched'])
    const asked = serve({})
    hear({ type: 'ticket', ticket_id: 't-3' })
    expect(asked).toEqual([])
  })
})

describe('the desk says', () => {
  it('that a ring was missed and what follows, until the next call', async () => {
    serve({})
    own('ready')
    const bar = show(ShiftBar)
    hear({ type: 'pop_closed', call_id: 'c-0', missed_of: null })
    await nextTick()
    expect(bar.find('.shift-told').exists()).toBe(false)
    hear({ type: 'pop_closed', call_id: 'c-1', missed_of: 2 })
    await nextTick()
    expect(bar.find('.shift-told').text()).toContain('连续 2 次未接会自动示忙')
    hear({ type: 'pop', pop })
    await nextTick()
    expect(bar.find('.shift-told').exists()).toBe(false)
    hear({ type: 'pop_closed', call_id: 'c-1', missed_of: 0 })
    await nextTick()
    expect(bar.find('.shift-told').text()).toContain('同事转来的电话没有接听')
    hear({ type: 'pop_closed', call_id: 'c-2', missed_of: null, answered_by: '王敏' })
    await nextTick()
    expect(bar.find('.shift-told').text()).toContain('王敏 已接听刚才的来电')
    bar.unmount()
  })

  it('why the call of a colleague rings here', () => {
    const words = (more: object) => show(CallTags, { call: call({ role: 'third', ...more }) }).text()
    expect([words({ takes: '' }), words({ takes: 'transfer' }), words({ takes: 'pick_up' })]).toEqual(['刘芳咨询您', '刘芳转接给您', '代接：刘芳驻留的来电'])
  })

  it('what the colleague wrote who sent the call, while it rings and afterwards', () => {
    const words = (more: object) => show(CallTags, { call: call({ note: '问账单', ...more }) }).text()
    expect([words({ role: 'third', takes: 'transfer' }), words({})]).toEqual(['刘芳转接给您同事留言：问账单', '同事留言：问账单'])
  })

  it('that a transfer came back, and from whom', () => {
    const words = (answered: boolean) => show(CallTags, { call: call({ returned_from: party(answered) }) }).text()
    expect([words(false), words(true)]).toEqual(['陈静没有接听，客户回到您这里', '陈静已挂断，客户回到您这里'])
  })

  it('that a consultation was not answered, and that a key does nothing now', () => {
    const asked = call({ state: 'held', may: ['resume'], returned_from: party(false) })
    expect(show(CallTags, { call: asked }).text()).toBe('陈静没有接听：请取回客户，或另找同事')
    hear({ ...asked, type: 'call' })
    own('talking')
    const bar = show(CallButtons, { stage: 'held', complete: () => Promise.resolve(true) })
    const key = new KeyboardEvent('keydown', { key: 'j', code: 'KeyJ', ctrlKey: true, altKey: true })
    Object.defineProperty(key, 'getModifierState', { value: () => false })
    dispatchEvent(key)
    expect(useToasts().shown.at(-1)?.text).toContain('当前状态不允许')
    bar.unmount()
  })

  it('the ticket of a call only to agents who talked in it', async () => {
    const work = useTicketDraft()
    hear({ type: 'pop', pop })
    own('talking')
    await nextTick()
    const rung = { role: 'third', state: 'consult_ringing' }
    hear({ ...call({ ...rung, party: party(false) }), type: 'call' })
    work.draft.filed = { id: 't-1', number: '26112900001' }
    await nextTick()
    expect(work.lastOwn).toBeNull()
    hear({ ...call({ ...rung, state: 'consulting', party: party(true) }), type: 'call' })
    await nextTick()
    expect(work.lastOwn?.id).toBe('t-1')
    work.keepLast(null)
  })

  it('that a supervisor took the call, also after its ticket was filed, and proposes no result', async () => {
    const queue = { name: 'repair', title_zh: '报修', title_en: 'Repair', disposition_required: true, dispositions: [{ code: 'filed', zh: '已登记工单', en: 'Filed', choices: [], fields: [] }] }
    const asked = serve({ 'GET /queues': [queue] })
    hear({ type: 'pop', pop })
    useTicketDraft().draft.filed = { id: 't-1', number: '26112900001' }
    hear({ type: 'call', call_id: 'c-1', stage: 'talking', over: true, taken_over_by: '王敏' })
    own('wrap_up')
    const bar = show(CallBar, { pop })
    await flushPromises()
    expect(bar.text()).toContain('王敏（班长）已接管通话')
    await vi.waitFor(() => expect(bar.text()).toContain('已登记工单'))
    expect(asked.filter((one) => one.method !== 'GET')).toEqual([])
    bar.unmount()
  })

  it('of no colleague who writes on a filed ticket', async () => {
    serve({})
    hear({ type: 'pop', pop })
    const work = useTicketDraft()
    work.by = '刘芳'
    const panel = show(TicketPanel, { pop })
    expect(panel.text()).toContain('刘芳也在填写')
    work.draft.filed = { id: 't-1', number: '26112900001' }
    await nextTick()
    expect(panel.text()).not.toContain('也在填写')
    panel.unmount()
  })
})

describe('figures and choices', () => {
  it('count a wait as the queue does, and the calls of the mean', async () => {
    const line = (more: object) => ({ held_since_ms: null, queued_at: null, started_at: '2026-11-30T14:00:00Z', ...more }) as unknown as Parameters<typeof waitsSince>[0]
    expect(waitsSince(line({ queued_at: '2026-11-30T14:00:07Z' })) - waitsSince(line({}))).toBe(7000)
    serve({ 'GET /agents/me/figures': { taken: 1, dialled: 1, talk_ms: 120_000, missed: 0, wrap_up_ms: 0 } })
    const day = show(OwnFigures)
    await flushPromises()
    expect(day.findAll('dt').map((one) => one.text())).toEqual(['今日接听', '今日呼出', '通话时长', '平均通话', '漏接', '话后整理'])
    day.unmount()
  })

  it('show no colleague on a break as free, and no result of a call that still rings', async () => {
    const target: Target = { kind: 'agent', id: 's', name: '陈静', hint: '1002', state: '小休', available: true, free: false, favourite: false }
    expect(show(TargetRow, { target, may: new Set() }).find('.state').attributes('data-free')).toBe('false')
    serve({})
    hear({ type: 'pop', pop: { ...pop, queue: '' } })
    own('talking')
    const outbound = { type: 'call', call_id: 'c-1', stage: 'ringing', direction: 'outbound', role: 'agent', over: false, may: [], recording: true, result: null }
    hear({ ...outbound, state: null })
    const bar = show(CallBar, { pop: { ...pop, queue: '' } })
    await flushPromises()
    expect(bar.text()).not.toContain('呼叫结果')
    hear({ ...outbound, state: 'talking' })
    // It comes with a part of its own, which a busy machine takes long to load.
    await vi.dynamicImportSettled()
    await vi.waitFor(() => expect(bar.text()).toContain('呼叫结果'), { timeout: 10_000 })
    bar.unmount()
  }, 60_000)
})
