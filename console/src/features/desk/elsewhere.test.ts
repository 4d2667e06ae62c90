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
})

describe('a call that rings while a second browser takes the desk', () => {
  it('is answered at the desk that is open: one click has it ring there', async () => {
    serve({})
    useDesk().apply({ type: 'agent', agent_id: 'a', state: 'ringing', since_ms: 1 } as ServerMessage)
    const bar = show(CallButtons, { stage: 'ringing' })
    await flushPromises()
    const button = bar.findAll('button').find((one) => one.text().includes('在此接听'))
    await button?.trigger('click')
    expect(phone.reconnect).toHaveBeenCalledTimes(1)
    phone.state.stage = 'online'
    await nextTick()
    expect(bar.text()).not.toContain('在此接听')
    bar.unmount()
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
