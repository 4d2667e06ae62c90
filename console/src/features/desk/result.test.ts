import { flushPromises } from '@vue/test-utils'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { useDesk } from '@/shared/socket/desk'
import type { Pop, ServerMessage } from '@/shared/socket/messages'
import { serve, show } from '@/shared/testing/service'
import CallBar from './components/CallBar.vue'
import CallResult from './components/CallResult.vue'
import ResultTree from './components/ResultTree.vue'
import { useToasts } from '@/shared/ui/toasts'
import { found, pathTo, rowsOf, type Disposition } from './state/results'
import { useTicketDraft } from './state/ticket-draft'

const result = (code: string, zh: string, more: object = {}) => ({ code, zh, en: code, choices: [], fields: [], form: null, ...more }) as unknown as Disposition
const AMOUNT = { name: 'amount', kind: 'number', zh: '金额', en: 'Amount', required: true, choices: [] }
const TREE = [result('answered', '已解答'), result('money', '费用', { choices: [result('refund', '退款', { fields: [AMOUNT] }), result('invoice', '发票')] })]
const QUEUE = { name: 'repair', title_zh: '报修', title_en: 'Repair', wrap_up: 'timed', disposition_required: true, dispositions: TREE }
const pop = { id: 'p-1', call_id: 'c-1', offered_at_ms: 1, queue: 'repair', waited_ms: 0, greeting: { zh: '', en: '' }, number: null, customers: [], customer_id: null, history: null, open_tickets: [], similar: [], keys: [], kind: 'fault', arrears: null } as unknown as Pop

afterEach(() => {
  document.body.innerHTML = ''
  localStorage.clear()
  vi.unstubAllGlobals()
})

describe('a tree of results', () => {
  it('opens one row for each group, and finds results by typing', () => {
    expect(rowsOf(TREE, ['money']).map((row) => row.map((one) => one.code))).toEqual([['answered', 'money'], ['refund', 'invoice']])
    expect(pathTo(TREE, 'invoice').map((one) => one.zh)).toEqual(['费用', '发票'])
    expect(pathTo(TREE, 'money')).toEqual([])
    expect(found(TREE, '费用 refu').map((path) => path.at(-1)?.code)).toEqual(['refund'])
  })

  it('is walked by digits and arrow keys; a result that asks is stored with its facts', async () => {
    const asked = serve({ 'GET /queues': [QUEUE], 'GET /ticket-forms': [], 'PUT /calls/c-1/disposition': {} })
    useDesk().apply({ type: 'pop', pop } as ServerMessage)
    const page = show(CallResult, { callId: 'c-1', queue: 'repair' })
    await flushPromises()
    const press = (row: number, key: string) => page.findAll('.level')[row]?.find('button').trigger('keydown', { key })
    await press(0, '2')
    await flushPromises()
    expect(page.findAll('.level').map((row) => row.findAll('button').length)).toEqual([2, 2])
    await press(1, 'ArrowRight')
    expect(document.activeElement?.textContent?.trim()).toBe('发票')
    await press(1, '1')
    await flushPromises()
    const stored = () => asked.filter((one) => one.method === 'PUT')
    expect(stored()).toEqual([])
    expect(useTicketDraft().draft.result).toBeNull()
    await page.find('form input').setValue('12')
    expect(JSON.parse(localStorage.getItem('hotline.draft.c-1') ?? '{}')).toMatchObject({ picked: { code: 'refund', answers: { amount: 12 } } })
    await page.find('form').trigger('submit')
    await flushPromises()
    expect(stored().map((one) => one.body)).toEqual([{ code: 'refund', answers: { amount: 12 } }])
    expect(useTicketDraft().draft.result).toBe('refund')
    page.unmount()
  })

  it('stays in hand where it did not get through, and is stored with the end of the wrap-up; a refused one does not', async () => {
    const asked = serve({ 'GET /queues': [QUEUE], 'GET /ticket-forms': [] })
    const [through, puts] = [globalThis.fetch, () => asked.filter((one) => one.method === 'PUT')]
    const answer = (put: typeof fetch) => vi.stubGlobal('fetch', (request: Request) => (request.method === 'PUT' ? put(request) : through(request)))
    useDesk().apply({ type: 'pop', pop } as ServerMessage)
    const page = show(CallResult, { callId: 'c-1', queue: 'repair' })
    await flushPromises()
    const choose = async () => {
      await page.find('.level button').trigger('click')
      await flushPromises()
    }
    answer(() => Promise.resolve(Response.json({ type: '/problems/conflict', status: 409 }, { status: 409 })))
    await choose()
    expect(useTicketDraft().draft.picked).toBeNull()
    answer(() => Promise.reject(new TypeError('the page goes')))
    await choose()
    expect(JSON.parse(localStorage.getItem('hotline.draft.c-1') ?? '{}')).toMatchObject({ picked: { code: 'answered' }, result: null })
    answer(through)
    expect(await (page.vm as unknown as { complete: () => Promise<boolean> }).complete()).toBe(true)
    expect(puts().map((one) => [one.body['code'], one.keepalive])).toEqual([['answered', true]])
    page.unmount()
  })

  it('keeps a group open when its list is read again', async () => {
    const tree = show(ResultTree, { choices: TREE, chosen: null, required: true })
    await tree.findAll('.level button')[1]?.trigger('click')
    await tree.setProps({ choices: structuredClone(TREE) })
    expect(tree.findAll('.level')).toHaveLength(2)
    await tree.setProps({ choices: TREE.slice(0, 1) })
    expect(tree.findAll('.level')).toHaveLength(1)
    tree.unmount()
  })

  it('is stored by the key that ends the wrap-up, which names what is missing', async () => {
    const lacks = { type: '/problems/invalid', title: '填写有误', detail: '填写有误', status: 422, errors: [{ field: 'form.amount', rule: '必填' }] }
    const answers: Record<string, unknown> = { 'GET /queues': [QUEUE], 'GET /ticket-forms': [], 'PUT /calls/c-1/disposition': lacks }
    const asked = serve(answers)
    useDesk().apply({ type: 'pop', pop } as ServerMessage)
    useDesk().apply({ type: 'agent', state: 'wrap_up', since_ms: 0 } as ServerMessage)
    const sent = vi.spyOn(useDesk(), 'send').mockReturnValue(true)
    const page = show(CallBar, { pop })
    await flushPromises()
    await vi.waitUntil(() => page.findAll('.level button').length > 0)
    const finish = async () => {
      document.dispatchEvent(new KeyboardEvent('keydown', { key: 'F10', bubbles: true }))
      await flushPromises()
    }
    const ended = () => sent.mock.calls.filter(([command]) => command.type === 'wrap_up_done').length
    await finish()
    expect(useToasts().shown.map((one) => one.text)).toEqual(['请先选择通话结果'])
    await page.findAll('.level')[0]?.findAll('button')[1]?.trigger('click')
    await page.findAll('.level')[1]?.find('button').trigger('click')
    await flushPromises()
    await finish()
    expect(useToasts().shown.at(-1)?.text).toBe('通话结果未保存：金额 (必填)')
    expect([ended(), document.activeElement?.tagName]).toEqual([0, 'INPUT'])
    answers['PUT /calls/c-1/disposition'] = {}
    await page.find('form input').setValue('120.5')
    await finish()
    expect(asked.findLast((one) => one.method === 'PUT')?.body).toEqual({ code: 'refund', answers: { amount: 120.5 } })
    expect(page.find('.stored').text()).toBe('已保存：退款')
    expect(ended()).toBe(1)
    // Words after the first storing are stored too.
    await page.find('form input').setValue('99')
    expect(page.find('.stored').text()).toBe('')
    await finish()
    expect(asked.findLast((one) => one.method === 'PUT')?.body).toEqual({ code: 'refund', answers: { amount: 99 } })
    page.unmount()
  })

  it('is waited for by the key that ends the wrap-up while it is on its way', async () => {
    const filed = { ...QUEUE, dispositions: [result('filed', '已登记工单')] }
    serve({ 'GET /queues': [filed], 'GET /ticket-forms': [], 'PUT /calls/c-1/disposition': {} })
    const through = globalThis.fetch
    let arrive = (): void => undefined
    const held = new Promise<void>((resolve) => (arrive = resolve))
    vi.stubGlobal('fetch', (request: Request) => (request.method === 'PUT' ? held.then(() => through(request)) : through(request)))
    useDesk().apply({ type: 'pop', pop } as ServerMessage)
    useTicketDraft().draft.filed = { id: 't-1', number: '26112900001' }
    useDesk().apply({ type: 'agent', state: 'wrap_up', since_ms: 0 } as ServerMessage)
    const sent = vi.spyOn(useDesk(), 'send').mockReturnValue(true)
    const ended = () => sent.mock.calls.filter(([command]) => command.type === 'wrap_up_done').length
    const page = show(CallBar, { pop })
    // Pressed before the part with the result is there, and again while it stores the proposed one.
    document.dispatchEvent(new KeyboardEvent('keydown', { key: 'F10', bubbles: true }))
    await vi.waitUntil(() => page.findAll('.level button').length > 0)
    await flushPromises()
    expect(ended()).toBe(0)
    arrive()
    await vi.waitUntil(() => ended() === 1)
    expect(useToasts().shown).toEqual([])
    page.unmount()
  })
})
