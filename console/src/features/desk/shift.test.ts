import { flushPromises } from '@vue/test-utils'
import { describe, expect, it, vi } from 'vitest'
import { nextTick, reactive } from 'vue'
import type { Phone } from '@/phone'
import { useDesk } from '@/shared/socket/desk'
import { serve, show } from '@/shared/testing/service'
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
})
