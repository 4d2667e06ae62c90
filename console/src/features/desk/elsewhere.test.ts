import { flushPromises } from '@vue/test-utils'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { nextTick, reactive } from 'vue'
import PhoneRing from '@/phone/PhoneRing.vue'
import { useDesk } from '@/shared/socket/desk'
import type { ServerMessage } from '@/shared/socket/messages'
import { serve, show } from '@/shared/testing/service'
import CallButtons from './components/CallButtons.vue'

const phone = {
  state: reactive({ kind: 'browser', stage: 'off', call: null as object | null }),
  reconnect: vi.fn(async () => true),
  answer: vi.fn(async () => undefined),
}
vi.mock('@/phone', () => ({ usePhone: () => phone }))
vi.mock('@/phone/index', () => ({ usePhone: () => phone }))

afterEach(() => {
  document.body.innerHTML = ''
  vi.unstubAllGlobals()
  Object.assign(phone.state, { stage: 'off', call: null })
  useDesk().pop = null
})

describe('a call that rings while a second browser takes the desk', () => {
  it('is answered at the desk that is open: one click has it ring there', async () => {
    serve({})
    useDesk().apply({ type: 'agent', agent_id: 'a', state: 'ringing', since_ms: 1 } as ServerMessage)
    const bar = show(CallButtons, { stage: 'ringing', complete: () => Promise.resolve(true) })
    await flushPromises()
    const button = bar.findAll('button').find((one) => one.text().includes('在此接听'))
    await button?.trigger('click')
    expect(phone.reconnect).toHaveBeenCalledTimes(1)
    phone.state.stage = 'online'
    await nextTick()
    expect(bar.text()).not.toContain('在此接听')
    bar.unmount()
  })

  it('is named on another page, and its key answers there', async () => {
    serve({})
    phone.state.call = { stage: 'ringing', number: '+8613800000002' }
    useDesk().link = 'open'
    useDesk().pop = { call_id: 'c-1', customer_id: 'k', customers: [{ id: 'k', name: '王秀英' }] } as never
    const ring = show(PhoneRing)
    ring.vm.$router.addRoute({ name: 'desk', path: '/desk', component: { template: '<i />' } })
    expect([ring.text().includes('王秀英'), ring.find('kbd').text()]).toEqual([true, 'F2'])
    dispatchEvent(new KeyboardEvent('keydown', { key: 'F2' }))
    expect(phone.answer).toHaveBeenCalledTimes(1)
    phone.state.call = null
    dispatchEvent(new KeyboardEvent('keydown', { key: 'F2' }))
    expect(phone.answer).toHaveBeenCalledTimes(1)
    ring.unmount()
  })

  it('offers no answer at the desk that was replaced', async () => {
    serve({})
    phone.state.call = { stage: 'ringing', number: '' }
    const ring = show(PhoneRing)
    expect(ring.text()).toContain('接听')
    useDesk().link = 'replaced'
    await nextTick()
    expect(ring.text()).toBe('')
    ring.unmount()
  })
})
