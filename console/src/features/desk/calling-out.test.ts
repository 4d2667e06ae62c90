import { flushPromises } from '@vue/test-utils'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { useCalling } from '@/shared/calling/calling'
import { useSession } from '@/shared/session/session'
import { useDesk } from '@/shared/socket/desk'
import { useToasts } from '@/shared/ui/toasts'
import { serve, show } from '@/shared/testing/service'
import CallButton from '@/shared/calling/CallButton.vue'
import CallPerson from '@/shared/ui/CallPerson.vue'
import CallOut from './components/CallOut.vue'
import { usePhone } from '@/phone'
import CallerCard from './components/CallerCard.vue'
import CallOutcome from './components/CallOutcome.vue'
import CallsToTake from './components/CallsToTake.vue'
import CallTags from './components/CallTags.vue'
import ShiftBar from './components/ShiftBar.vue'
import { asked } from './state/call-out'
import { isOwn, stageOf } from './state/call-stage'
import { nextHour } from './state/outcome'

afterEach(() => {
  document.body.innerHTML = ''
  vi.unstubAllGlobals()
})

const rules = { open: [], opened: [], shown_numbers: ['96001', '+864511234567'], a_day: 100, left_today: 99 }

describe('calling out', () => {
  it('calls the number that is shown; a masked one is known to the service alone', () => {
    const about = { ticket_id: 't' }
    expect(asked({ number: '+8613800000002', about }, '138 0000 0002')).toEqual({ ...about, target: { kind: 'number', id: '138 0000 0002' } })
    expect(asked({ number: '138****0002', about }, '138****0002')).toEqual(about)
    expect(asked({ number: '138****0002', about }, '13900000000')).toMatchObject({ target: { id: '13900000000' } })
    expect(asked({}, ' ')).toEqual({})
  })

  it('shows a refusal at the number, keeps what was typed, and may try again', async () => {
    const errors = [{ field: 'target.id', rule: '不能拨打境外号码', code: 'number_of_region', parameters: {} }]
    const requests = serve({ 'GET /outgoing-rules': rules, 'POST /calls': { type: '/problems/invalid', title: '填写有误', status: 422, detail: '', errors } })
    const panel = show(CallOut)
    vi.spyOn(usePhone(), 'startShift').mockResolvedValue(true)
    useCalling().ask()
    await flushPromises()
    await panel.find('form').trigger('submit')
    expect(panel.find('.field-error').text()).toBe('请填写')
    await panel.find('input').setValue('+44 20 7946 0000')
    await panel.find('select').setValue('+864511234567')
    await panel.find('form').trigger('submit')
    await flushPromises()
    expect(panel.find('.field-error').text()).toBe('不能拨打境外号码')
    expect((panel.find('input').element as HTMLInputElement).value).toBe('+44 20 7946 0000')
    expect(requests.filter((one) => one.method === 'POST').map((one) => one.body)).toEqual([
      { target: { kind: 'number', id: '+44 20 7946 0000' }, shown_number: '+864511234567' },
    ])
    panel.unmount()
  })

  it('dials nothing while the phone of this page cannot be connected, and says so', async () => {
    const requests = serve({ 'GET /outgoing-rules': rules })
    const panel = show(CallOut)
    vi.spyOn(usePhone(), 'startShift').mockResolvedValue(false)
    useCalling().ask({ number: '+8613800000002' })
    await flushPromises()
    await panel.find('form').trigger('submit')
    await flushPromises()
    expect(panel.find('[role=alert]').text()).toBe('本机未接通，未拨打。请先点“开始上班”，并允许使用麦克风。')
    expect(requests.filter((one) => one.method === 'POST')).toEqual([])
    panel.unmount()
  })

  it('is offered to agents alone; others dial with their device, and read why', () => {
    const ways = (role: string, number = '+8613800000002;ext=8') => {
      useSession().who = { role } as never
      const shown = show(CallButton, { number })
      const link = shown.find('a')
      return [shown.findAll('button').length, link.exists() ? link.attributes('href') : null, (link.exists() ? link.attributes('title') : '') !== '']
    }
    expect(ways('agent')).toEqual([1, null, false])
    expect(ways('supervisor')).toEqual([0, 'tel:+8613800000002,8', true])
    expect(ways('quality', '138****0002')).toEqual([0, null, false])
  })

  it('opens the line of the page for a visit, where an agent has one', async () => {
    serve({ 'POST /tickets/t-1/looks': [{ name: '王秀英', numbers: ['+8613800000002'] }] })
    useSession().who = { role: 'agent' } as never
    const shown = show(CallPerson, { ticketId: 't-1', why: '上门前联系' })
    await shown.find('button').trigger('click')
    await flushPromises()
    expect(useCalling().callee).toEqual({ number: '+8613800000002', name: '王秀英', about: { ticket_id: 't-1' } })
  })

  it('names the stages of an own call', () => {
    const call = (state: string | null, role = 'agent') => ({ state, role, direction: 'outbound', over: false }) as never
    expect([stageOf('talking', call(null)), stageOf('talking', call('talking')), isOwn(call('talking')), isOwn(call('talking', 'called'))]).toEqual(['dialling', 'talking', true, false])
  })
})

describe('the parties of a call', () => {
  it('are named by who called, also after the call', () => {
    serve({})
    const title = (queue: string, call: unknown) => {
      useDesk().call = call as never
      const card = show(CallerCard, { pop: { call_id: 'c-1', queue, customers: [], number: null, arrears: null } })
      const text = card.find('h2').text()
      card.unmount()
      return text
    }
    expect([title('repair', null), title('', null), title('', { role: 'called' })]).toEqual(['来电人', '对方', '来电人'])
  })

  it('may be a supervisor, who is named once the agent hears the voice', () => {
    serve({})
    const tags = (supervisor: unknown) => show(CallTags, { call: { muted: false, recording: true, role: 'agent', party: null, supervisor } }).text()
    const who = { staff_number: '3001', name: '赵敏' }
    expect([tags(null), tags({ ...who, mode: 'whisper' }), tags({ ...who, mode: 'barge' })]).toEqual(['', '3001 赵敏 正在对您说话', '3001 赵敏 已加入通话'])
  })
})

describe('calls to take', () => {
  const call = (call_id: string, stage: string, rest: object = {}) =>
    ({ call_id, stage, state: null, queue: 'repair', number: '+8613800000002', held_since_ms: null, started_at: '2026-11-30T00:00:00Z', ...rest })

  it('are parked or in line, the longest wait first; a free agent takes one by button or key', async () => {
    const calls = [call('menu', 'flow'), call('talk', 'talking', { state: 'talking' }), call('late', 'ringing', { started_at: '2026-11-30T00:01:00Z' }), call('first', 'queued'), call('parked', 'talking', { state: 'parked', held_since_ms: 1 })]
    const requests = serve({ 'GET /live-calls': calls, 'POST /calls/first/pick-up': { type: '/problems/not-now', title: '现在不能', status: 409, detail: '', errors: [] } })
    const desk = useDesk()
    desk.link = 'open'
    desk.own = { state: 'ready' } as never
    const list = show(CallsToTake)
    await flushPromises()
    expect(list.findAll('li')).toHaveLength(3)
    const key = new KeyboardEvent('keydown', { key: 'u', code: 'KeyU', ctrlKey: true, altKey: true })
    // happy-dom takes Ctrl and Alt together for AltGraph.
    key.getModifierState = () => false
    dispatchEvent(key)
    await flushPromises()
    await list.findAll('button')[1]?.trigger('click')
    await flushPromises()
    expect(requests.filter((one) => one.method === 'POST').map((one) => one.path)).toEqual(['/calls/parked/pick-up', '/calls/first/pick-up'])
    expect(useToasts().shown.map((one) => one.text)).toEqual(['现在不能'])
    desk.own = { state: 'talking' } as never
    await flushPromises()
    expect(list.findAll('li')).toHaveLength(0)
    list.unmount()
  })
})

describe('the outcome of a call', () => {
  it('begins with what the service saw; a later call needs a time', async () => {
    const call = { call_id: 'c-1', result: 'busy', outcome: null }
    const requests = serve({ 'GET /outgoing-calls': [call], 'POST /calls/c-1/outcome': {}, 'GET /labels': { OutgoingOutcome: { busy: { zh: '忙线', en: 'busy' } } } })
    const choices = show(CallOutcome, { callId: 'c-1' })
    await flushPromises()
    const pressed = () => choices.findAll('[aria-pressed=true]').length
    expect(pressed()).toBe(1)
    await choices.findAll('.choices button').at(-1)?.trigger('click')
    expect([pressed(), choices.find('input').exists()]).toEqual([1, true])
    await choices.find('input').setValue('2026-12-01T09:00')
    await choices.find('form').trigger('submit')
    await flushPromises()
    const sent = requests.find((one) => one.method === 'POST')
    expect(sent?.body).toEqual({ outcome: 'call_again', call_again_at: new Date('2026-12-01T09:00').toISOString() })
    choices.unmount()
  })

  it('is asked for at once when the call ended, which is no hand-over', async () => {
    serve({})
    const call = { type: 'call', call_id: 'c-2', direction: 'outbound', role: 'agent', over: true, result: 'reached' }
    useDesk().apply(call as never)
    expect(useDesk().handedOver).toBeNull()
    const choices = show(CallOutcome, { callId: 'c-2' })
    await flushPromises()
    expect(choices.findAll('[aria-pressed=true]').length).toBe(1)
    choices.unmount()
  })

  it('names a result that is none of the choices, and asks what follows', async () => {
    serve({ 'GET /outgoing-calls': [{ call_id: 'c-3', result: 'failed', outcome: null }], 'GET /labels': { groups: { OutgoingResult: { failed: { zh: '呼叫失败', en: 'failed' } } } } })
    const choices = show(CallOutcome, { callId: 'c-3' })
    await flushPromises()
    expect([choices.find('.tag').text(), choices.findAll('[aria-pressed=true]').length]).toEqual(['呼叫失败', 0])
    choices.unmount()
  })

  it('is said where the call was not placed, also on a desk that is idle again', async () => {
    serve({ 'GET /labels': { groups: { OutgoingResult: { no_phone: { zh: '本机未接听', en: 'own phone not answered' } } } } })
    const bar = show(ShiftBar)
    await flushPromises()
    for (const result of ['failed', 'no_phone', 'busy']) {
      useDesk().apply({ type: 'call', call_id: 'c-4', direction: 'outbound', role: 'agent', over: true, result } as never)
    }
    expect(useToasts().shown.map((one) => one.text).slice(-2)).toEqual(['无法接通：电话没有拨出去，请核对号码或稍后再拨。', '本机未接听'])
    bar.unmount()
  })

  it('proposes the next full hour', () => {
    expect(nextHour(new Date('2026-11-29T10:20').getTime())).toBe('2026-11-29T11:00')
  })
})
