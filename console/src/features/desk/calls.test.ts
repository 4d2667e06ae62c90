import { flushPromises } from '@vue/test-utils'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { useDesk } from '@/shared/socket/desk'
import { serve, show } from '@/shared/testing/service'
import CallButtons from './components/CallButtons.vue'
import CallTags from './components/CallTags.vue'
import ShiftBar from './components/ShiftBar.vue'
import TransferPanel from './components/TransferPanel.vue'

afterEach(() => {
  document.body.innerHTML = ''
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

const hear = (message: object) => useDesk().apply(message as never)
const call = { type: 'call', call_id: 'c-9', at_ms: 1, stage: 'talking', role: 'agent', direction: 'outbound', state: 'talking', over: false, recording: true }

function sentBy(act: () => void): object[] {
  const sent: object[] = []
  vi.spyOn(useDesk(), 'send').mockImplementation((command) => sent.push(command) > 0)
  act()
  return sent
}

describe('the buttons of a call', () => {
  it('have a keypad in a call out, by button and by shortcut', async () => {
    serve({})
    hear({ ...call, may: ['digits', 'hang_up'] })
    const bar = show(CallButtons, { stage: 'talking', complete: () => Promise.resolve(true) })
    const sent: { digits?: string }[] = sentBy(() => undefined)
    const event = new KeyboardEvent('keydown', { key: 'n', code: 'KeyN', ctrlKey: true, altKey: true })
    // happy-dom takes Ctrl and Alt together for AltGraph.
    event.getModifierState = () => false
    dispatchEvent(event)
    await flushPromises()
    await bar.findAll('.keypad button')[4]?.trigger('click')
    expect(sent).toMatchObject([{ type: 'call_command', action: 'digits', digits: '5' }])
    bar.unmount()
  })

  it('name the colleague who goes from a conversation of three', async () => {
    serve({})
    hear({ ...call, state: 'three_party', may: ['cancel'], party: { kind: 'agent', id: 'b', name: '陈静', answered: true } })
    const bar = show(CallButtons, { stage: 'talking', complete: () => Promise.resolve(true) })
    await flushPromises()
    expect(bar.find('[data-action=cancel]').text()).toContain('挂断陈静')
    bar.unmount()
  })

  it('name the colleague who consults', () => {
    const tags = show(CallTags, { call: { ...call, role: 'third', agent: { id: 'a', name: '李敏', staff_number: '1001' } } })
    expect(tags.text()).toContain('李敏咨询您')
    tags.unmount()
  })
})

describe('the choice of a target', () => {
  it('keeps an Enter that came before the rows, and shows whom it means', async () => {
    const target = { kind: 'agent', id: 'b', name: '陈静', staff_number: '1002', state: 'ready', available: true }
    serve({ 'GET /transfer-targets': [target] })
    hear({ ...call, direction: 'inbound', may: ['consult', 'transfer'] })
    const panel = show(TransferPanel)
    const sent = sentBy(() => undefined)
    const field = panel.find('input')
    await field.setValue('1002')
    await field.trigger('keydown', { key: 'Enter' })
    expect(sent).toEqual([])
    await flushPromises()
    expect(sent).toMatchObject([{ action: 'consult', target: { kind: 'agent', id: 'b' } }])
    expect(panel.find('li.meant').text()).toContain('陈静')
    panel.unmount()
  })

  it('stays with what was typed where the call is refused, and says why at the field', async () => {
    serve({ 'GET /transfer-targets': [] })
    hear({ ...call, direction: 'inbound', may: ['transfer', 'consult'] })
    const bar = show(CallButtons, { stage: 'talking', complete: () => Promise.resolve(true) })
    sentBy(() => undefined)
    await bar.find('button').trigger('click')
    await vi.dynamicImportSettled()
    await flushPromises()
    await bar.find('input').setValue('110')
    await flushPromises()
    await bar.find('input').trigger('keydown', { key: 'Enter', ctrlKey: true })
    hear({ type: 'refused', command: 'transfer', problem: 'number-refused', detail: 'the number is not dialled' })
    await flushPromises()
    expect([bar.find('input').element.value, bar.find('.field-error').text()]).toEqual(['110', '不能拨打该号码（紧急、短号和付费号码不开放）'])
    hear({ ...call, direction: 'inbound', state: 'consult_ringing', may: ['cancel'] })
    await flushPromises()
    expect(bar.find('.transfer').exists()).toBe(false)
    bar.unmount()
  })

  it('has favourites first, and the wait of a queue', async () => {
    const agent = { kind: 'agent', id: 'b', name: '陈静', staff_number: '1002', state: 'ready', available: true }
    const queue = { kind: 'queue', id: 'repair', name: '报修', available: true, waiting: 2, expected_wait_ms: 61_000 }
    serve({ 'GET /transfer-targets': [agent, queue] })
    hear({ ...call, direction: 'inbound', may: ['transfer'] })
    const panel = show(TransferPanel)
    await flushPromises()
    expect(panel.findAll('li').map((row) => row.find('.name').text().slice(0, 2))).toEqual(['陈静', '报修'])
    expect(panel.text()).toContain('约2分钟')
    await panel.findAll('.star')[1]?.trigger('click')
    expect(panel.findAll('li').map((row) => row.find('.name').text().slice(0, 2))).toEqual(['报修', '陈静'])
    await panel.findAll('.star')[0]?.trigger('click')
    expect(panel.find('.star[aria-pressed=true]').exists()).toBe(false)
    panel.unmount()
  })
})

describe('the agent under a supervisor', () => {
  it('reads why, until the agent acts', async () => {
    serve({})
    const bar = show(ShiftBar)
    hear({ type: 'notice', level: 'warning', text: { zh: '赵班长 已将您置为示忙：请来班长台', en: 'Zhao paused you' } })
    await flushPromises()
    expect(bar.find('[role=alert]').text()).toContain('请来班长台')
    await bar.find('[role=alert] button').trigger('click')
    expect(bar.find('[role=alert]').exists()).toBe(false)
    bar.unmount()
  })
})
