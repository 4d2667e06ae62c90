import { flushPromises } from '@vue/test-utils'
import { describe, expect, it, vi } from 'vitest'
import { serve, show } from '@/shared/testing/service'
import { useDesk } from '@/shared/socket/desk'
import type { BoardCall, OpenAlert, Presence, QueueState } from '@/shared/socket/messages'
import './words/words'
import AgentOrders from './components/AgentOrders.vue'
import AlertBar from './components/AlertBar.vue'
import AgentTable from './components/AgentTable.vue'
import CallTable from './components/CallTable.vue'
import SignedOut from './components/SignedOut.vue'
import QueueTile from './components/QueueTile.vue'
import AlertsPage from './pages/AlertsPage.vue'
import { counted, ordersOf, queueTone, shownCalls, sorted, valueNow } from './board'

const agent = (agent_id: string, state: Presence['state'], since_ms: number) => ({ agent_id, state, since_ms }) as Presence
const NOW = 1_800_000_000_000
const queue = (waiting: number, waited_ms: number, ready: number) =>
  ({ queue: 'repair', waiting, oldest_ms: waiting > 0 ? NOW - waited_ms : null, agents: { ready } }) as unknown as QueueState

describe('the board', () => {
  const agents = [agent('a', 'ready', 5), agent('b', 'talking', 9), agent('c', 'talking', 2), agent('d', 'not_ready', 1)]

  it('puts the longest call first', () => {
    expect(sorted(agents).map((one) => one.agent_id)).toEqual(['c', 'b', 'a', 'd'])
  })

  it('counts agents by state', () => {
    expect(counted(agents)).toEqual([['talking', 2], ['ready', 1], ['not_ready', 1]])
  })

  it('warns of callers who wait', () => {
    expect([queue(0, 0, 2), queue(0, 0, 0), queue(3, 5000, 0), queue(1, 90_000, 1)].map((one) => queueTone(one, NOW))).toEqual(['good', 'plain', 'warn', 'bad'])
  })

  const call = (stage: BoardCall['stage'], mode?: 'listen' | 'barge', staff_id = 'boss') =>
    ({ call_id: stage, stage, since_ms: 1, agent_id: 'a', supervisor: mode ? { staff_id, mode, name: '', answered: true } : null }) as BoardCall

  it('offers what a supervisor may do about a call', () => {
    expect(ordersOf(call('queued'), 'boss')).toEqual(['pull'])
    expect(ordersOf(call('ringing'), 'boss')).toEqual([])
    expect(ordersOf(call('talking'), 'boss')).toEqual(['listen', 'whisper', 'barge', 'take-over'])
    expect(ordersOf(call('talking', 'listen'), 'boss')).toEqual(['whisper', 'barge', 'take-over', 'leave'])
    expect(ordersOf(call('talking', 'barge', 'other'), 'boss')).toEqual([])
    expect(ordersOf(call('talking'), 'a')).toEqual([])
  })

  it('leaves out calls in a menu', () => {
    expect(shownCalls([call('flow'), call('talking')]).map((one) => one.stage)).toEqual(['talking'])
  })
})

describe('the card of a queue', () => {
  it('counts the longest wait on by itself, and says that the queue is closed', async () => {
    vi.useFakeTimers({ now: NOW })
    serve({ 'GET /queues': [{ name: 'repair', title_zh: '报修', title_en: 'Repair', open: false }], 'GET /figure-definitions': { calls: [] } })
    const tile = show(QueueTile, { queue: queue(3, 0, 0) })
    expect(tile.find('[role=timer]').text()).toBe('00:00')
    await vi.advanceTimersByTimeAsync(61_000)
    expect([tile.find('[role=timer]').text(), tile.attributes('data-tone')]).toEqual(['01:01', 'bad'])
    expect(tile.find('h2').text()).toBe('报修 现在休息')
    tile.unmount()
    vi.useRealTimers()
  })
})

describe('the agents of the board', () => {
  it('stand with their queues while they are idle', () => {
    serve({})
    const idle = { ...agent('a', 'not_ready', 1), name: '李敏', queue: null, queues: ['repair', 'heat'] }
    useDesk().agents.set('a', idle)
    const table = show(AgentTable, { mayChange: false })
    expect(table.find('tbody td:last-child').text()).toBe('repair、heat')
    table.unmount()
  })

  it('looks at the row of the agent who changed, and at no other', async () => {
    serve({})
    let looks = 0
    const watched = (id: string) => Object.defineProperty({ ...agent(id, 'ready', 1), name: id }, 'queues', { get: () => ((looks += 1), ['repair']) })
    const { agents } = useDesk()
    for (const id of ['a', 'b', 'c', 'd']) agents.set(id, watched(id))
    const table = show(AgentTable, { mayChange: false })
    const names = () => table.findAll('tbody th').map((cell) => cell.text()).join('')
    await flushPromises()
    looks = 0
    const moves = vi.spyOn(Element.prototype, 'before')
    const change = async (id: string, state: Presence['state'], since: number) => {
      agents.set(id, { ...agent(id, state, since), name: id, queue: 'repair' })
      await flushPromises()
      return names()
    }
    expect([await change('c', 'talking', 2), await change('a', 'ready', 9), await change('a', 'talking', 1)]).toEqual(['cabd', 'cbda', 'acbd'])
    expect([looks, moves.mock.calls.length]).toEqual([0, 2])
    agents.delete('c')
    expect(await change('e', 'ringing', 1)).toBe('aebd')
    moves.mockRestore()
    table.unmount()
  })
})

describe('agents who are not signed in', () => {
  const account = (id: string, name: string, more: object = {}) => ({ id, name, staff_number: id, role: 'agent', active: true, queues: ['repair'], skills: {}, ...more })

  it('are counted and folded, with their queues; only agents of a queue who still work here', async () => {
    const others = [account('s', '班长', { role: 'supervisor' }), account('g', '离职', { active: false }), account('q', '无队列', { queues: [] })]
    serve({
      'GET /staff': [account('1003', '赵强'), account('1001', '陈静'), account('1002', '李敏'), ...others],
      'GET /queues': [{ name: 'repair', title_zh: '报修', title_en: 'Repair', open: true }],
    })
    useDesk().agents.set('1002', agent('1002', 'ready', 1))
    const fold = show(SignedOut)
    await flushPromises()
    expect(fold.find('summary').text()).toBe('未登录 2 人')
    expect((fold.element as HTMLDetailsElement).open).toBe(false)
    expect(fold.findAll('li').map((one) => one.text())).toEqual(['陈静 1001 报修', '赵强 1003 报修'])
    useDesk().agents.set('1001', agent('1001', 'not_ready', 1))
    await flushPromises()
    expect(fold.findAll('li')).toHaveLength(1)
    fold.unmount()
  })
})

describe('the order about an agent', () => {
  it('asks for its reason at the field, and goes with one', async () => {
    serve({})
    const form = show(AgentOrders, { agent: { agent_id: 'a', name: '李敏', staff_number: '1001', queues: ['repair'] }, queues: ['repair'], busy: false })
    await form.trigger('submit')
    expect([form.find('.field-error').text(), form.emitted('send')]).toEqual(['请填写原因，至少 2 个字', undefined])
    await form.find('input').setValue(' 请来班长台 ')
    await form.trigger('submit')
    expect(form.emitted('send')).toEqual([[{ agent_id: 'a', kind: 'ready', queues: ['repair'], reason: '请来班长台' }]])
    form.unmount()
  })

  it('stands at the foot of the page while it is open', () => {
    serve({})
    document.body.insertAdjacentHTML('beforeend', '<div id="page-foot"></div>')
    const form = show(AgentOrders, { agent: { agent_id: 'a', name: '李敏', staff_number: '1001', queues: ['repair'] }, queues: ['repair'], busy: false })
    const foot = document.querySelector('#page-foot')
    expect([foot?.querySelectorAll('form').length, foot?.contains(document.activeElement)]).toEqual([1, true])
    form.unmount()
    expect(foot?.querySelectorAll('form').length).toBe(0)
    foot?.remove()
  })

  it('gives a pause its kind, which is counted as the agent’s own', async () => {
    serve({ 'GET /not-ready-reasons': [{ code: 'training', zh: '培训', en: 'training', limit_minutes: null, chosen: true }, { code: 'no_answer', zh: '未应答', en: 'no answer', limit_minutes: null, chosen: false }] })
    const form = show(AgentOrders, { agent: { agent_id: 'a', name: '李敏', staff_number: '1001', queues: ['repair'] }, queues: ['repair'], busy: false })
    expect(form.find('.pause').exists()).toBe(false)
    await form.find('select').setValue('not_ready')
    await flushPromises()
    expect(form.findAll('.pause option').map((one) => one.text())).toEqual(['班长安排（不分类）', '培训'])
    await form.find('.pause').setValue('training')
    await form.find('input').setValue('听新规则')
    await form.trigger('submit')
    expect(form.emitted('send')?.[0]).toEqual([{ agent_id: 'a', kind: 'not_ready', queues: ['repair'], pause: 'training', reason: '听新规则' }])
    form.unmount()
  })

  it('changes skills with levels beside the queues', async () => {
    serve({
      'GET /staff': [{ id: 'a', skills: { english: 2 } }],
      'GET /skills': { skills: [{ code: 'english', zh: '英语', en: 'English' }, { code: 'cantonese', zh: '粤语', en: 'Cantonese' }], listed: true },
    })
    const form = show(AgentOrders, { agent: { agent_id: 'a', name: '李敏', staff_number: '1001', queues: ['repair'] }, queues: ['repair'], busy: false })
    await form.find('select').setValue('queues')
    await flushPromises()
    const [english, cantonese] = form.findAll('.skills select')
    expect((english?.element as HTMLSelectElement | undefined)?.value).toBe('2')
    await english?.setValue('0')
    await cantonese?.setValue('5')
    await form.find('input[maxlength="200"]').setValue('夜班')
    await form.trigger('submit')
    expect(form.emitted('send')?.[0]).toEqual([{ agent_id: 'a', kind: 'queues', queues: ['repair'], skills: { cantonese: 5 }, reason: '夜班' }])
    form.unmount()
  })
})

describe('a call on the board', () => {
  it('shows both agents and who calls, and is taken over by a second click', async () => {
    serve({ 'GET /customers/k-1': { id: 'k-1', name: '孙丽', grade: 'VIP' } })
    const agents = new Map([['a', { ...agent('a', 'talking', 1), name: '李敏' }], ['b', { ...agent('b', 'talking', 1), name: '陈静' }]])
    const call = { call_id: 'c', stage: 'talking', since_ms: 1, direction: 'inbound', agent_id: 'a', third_agent_id: 'b', queue: null, supervisor: null, state: 'three_party', number: '+8613800000005', customer_id: 'k-1' }
    const table = show(CallTable, { calls: [call], agents, staffId: 's', mayOrder: true, queues: [] })
    await flushPromises()
    for (const words of ['李敏 + 陈静', '138 0000 0005', '孙丽']) expect(table.text()).toContain(words)
    const danger = () => table.find('.el-button--danger')
    await danger().trigger('click')
    expect([table.emitted('order'), danger().text()]).toEqual([undefined, '确认接管李敏 + 陈静的通话'])
    await danger().trigger('click')
    expect(table.emitted('order')).toEqual([['c', 'take-over']])
    table.unmount()
  })

  it('shows no name and no full number on the wall', async () => {
    const asked = serve({ 'GET /customers/k-1': { id: 'k-1', name: '孙丽', grade: 'VIP' } })
    const call = { call_id: 'c', stage: 'queued', since_ms: 1, direction: 'inbound', agent_id: null, queue: null, supervisor: null, state: null, number: '+8613800000005', customer_id: 'k-1' }
    const table = show(CallTable, { calls: [call], agents: new Map(), staffId: 's', mayOrder: false, queues: [], wall: true })
    await flushPromises()
    expect(table.text()).toContain('••• 0005')
    expect([table.text().includes('孙丽'), table.text().includes('1380'), asked.filter((one) => one.path.startsWith('/customers'))]).toEqual([false, false, []])
    table.unmount()
  })
})

describe('an open alert', () => {
  it('shows its figure as it is now beside that of its begin', async () => {
    serve({ 'GET /queues': [] })
    const desk = useDesk()
    desk.figures = { minutes: 30, queues: [{ queue: 'repair', level_last: 25 }] } as unknown as typeof desk.figures
    desk.alerts = [{ id: '1', queue: 'repair', figure: 'level', bound: 90, value: 0, since_ms: NOW }]
    const bar = show(AlertBar)
    expect(bar.find('li').text()).toContain('现在 25 %（触发时 0 %，阈值 90 %）')
    desk.figures = { minutes: 30, queues: [{ queue: 'repair', level_last: 37.5 }] } as unknown as typeof desk.figures
    await flushPromises()
    expect(bar.find('li').text()).toContain('现在 37.5 %（触发时 0 %')
    bar.unmount()
    const alert = (figure: OpenAlert['figure']) => ({ figure }) as OpenAlert
    expect(valueNow(alert('longest_wait_s'), queue(2, 44_900, 0), null, NOW)).toBe(44)
    expect([valueNow(alert('waiting'), queue(2, 1, 0), null, NOW), valueNow(alert('longest_wait_s'), queue(0, 0, 1), null, NOW)]).toEqual([2, 0])
  })
})

describe('thresholds', () => {
  it('keep each refused number in its field with the rule, and say which was stored', async () => {
    const problem = { type: '/problems/threshold-invalid', status: 422, title: '阈值不对', detail: '阈值不对', errors: [{ field: 'bound', rule: '至少 1' }] }
    const answers: Record<string, unknown> = { 'GET /queue-thresholds': [], 'GET /queue-alerts': [], 'PUT /queue-thresholds': problem }
    serve(answers)
    useDesk().queues.set('repair', queue(0, 0, 1))
    const page = show(AlertsPage)
    await flushPromises()
    const fields = () => page.findAll('input')
    const give = async (place: number, value: string) => {
      await fields()[place]?.setValue(value)
      await fields()[place]?.trigger('change')
      await flushPromises()
    }
    await give(0, '0')
    await give(1, '99999999999')
    answers['PUT /queue-thresholds'] = { id: 't', queue: 'repair', figure: 'level', bound: 80 }
    answers['GET /queue-thresholds'] = [answers['PUT /queue-thresholds']]
    await give(2, '80')
    expect(fields().map((one) => one.element.value)).toEqual(['0', '99999999999', '80', ''])
    expect(page.findAll('[role=alert]').map((one) => one.text())).toEqual(['至少 1', '至少 1'])
    expect(page.find('[role=status]').text()).toBe('已保存')
    page.unmount()
  })
})
