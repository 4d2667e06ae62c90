import { flushPromises } from '@vue/test-utils'
import { describe, expect, it, vi } from 'vitest'
import { nextTick, reactive } from 'vue'
import type { Phone } from '@/phone'
import { useDesk } from '@/shared/socket/desk'
import { serve, show } from '@/shared/testing/service'
import UiMenu from '@/shared/ui/UiMenu.vue'
import IdleDesk from './components/IdleDesk.vue'
import ShiftBar from './components/ShiftBar.vue'

const state = reactive({ kind: 'browser', stage: 'off', problem: null, retryAt: null, call: null })
const startShift = () => {
  state.stage = 'starting'
  return Promise.resolve(false)
}
const phone = { state, startShift } as unknown as Phone

vi.mock('@/phone', () => ({ usePhone: () => phone }))

describe('the start of a shift', () => {
  it('makes the agent ready once a slow phone is connected, and not before', async () => {
    serve({})
    const sent: unknown[] = []
    vi.spyOn(useDesk(), 'send').mockImplementation((command) => (sent.push(command), true))
    useDesk().link = 'open'
    const bar = show(ShiftBar)
    await bar.find('button').trigger('click')
    await flushPromises()
    expect(sent).toEqual([])
    state.stage = 'online'
    await nextTick()
    expect(sent).toEqual([{ type: 'ready' }])
    state.stage = 'lost'
    await nextTick()
    state.stage = 'online'
    await nextTick()
    expect(sent).toHaveLength(1)
    bar.unmount()
  })

  it('leaves the pause that the agent chose while the phone was connecting', async () => {
    serve({ 'GET /desk/pause-reasons': [] })
    const sent: unknown[] = []
    vi.spyOn(useDesk(), 'send').mockImplementation((command) => (sent.push(command), true))
    const desk = useDesk()
    desk.link = 'open'
    // Ready before: another page of the agent was closed a moment ago.
    desk.own = { state: 'ready', since_ms: 0 } as never
    state.stage = 'off'
    const bar = show(ShiftBar)
    await bar.find('button').trigger('click')
    bar.findComponent(UiMenu).vm.$emit('choose', 'tea')
    state.stage = 'online'
    await flushPromises()
    expect(sent).toEqual([{ type: 'not_ready', reason: 'tea' }])
    desk.own = null
    bar.unmount()
  })
})

describe('the state in the header', () => {
  it('is Calling until the number that the agent called has answered, also on a desk without a pop', async () => {
    serve({ 'GET /queues': [] })
    const desk = useDesk()
    desk.own = { state: 'talking', since_ms: 0 } as never
    const [bar, idle] = [show(ShiftBar), show(IdleDesk)]
    const shown = async (stage: string | null, role = 'agent') => {
      desk.call = { call_id: 'c-1', state: stage, role, direction: 'outbound', over: false } as never
      await flushPromises()
      return [bar.find('.shift-state').text(), idle.find('.idle-state').text()]
    }
    expect(await shown(null)).toEqual(['呼叫中', '呼叫中'])
    expect(await shown(null, 'called')).toEqual(['talking', 'talking'])
    expect(await shown('talking')).toEqual(['talking', 'talking'])
    bar.unmount()
    idle.unmount()
  })
})
