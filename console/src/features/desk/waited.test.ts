import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { nextTick } from 'vue'
import { useDesk } from '@/shared/socket/desk'
import type { Pop, ServerMessage } from '@/shared/socket/messages'
import { serve, show } from '@/shared/testing/service'
import CallFacts from './components/CallFacts.vue'

const OFFERED = 1_000_000_000
const pop = {
  id: 'p-1', call_id: 'c-1', offered_at_ms: OFFERED, queue: 'repair', waited_ms: 5000, greeting: { zh: '您好', en: 'Hello' },
  number: null, customers: [], customer_id: null, history: null, open_tickets: [], similar: [], keys: [], kind: 'fault', arrears: null,
} as unknown as Pop
const hear = (message: object) => useDesk().apply(message as ServerMessage)
const waited = (page: { text: () => string }) => /\d\d:\d\d/.exec(page.text())?.[0]

beforeEach(() => void serve({}))
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe("the caller's wait", () => {
  it('runs while the phone rings, and stays as it was with the answer', async () => {
    vi.useFakeTimers()
    vi.setSystemTime(OFFERED)
    const page = show(CallFacts, { pop, stage: 'ringing' })
    await nextTick()
    expect(waited(page)).toBe('00:05')
    vi.advanceTimersByTime(7000)
    await nextTick()
    expect(waited(page)).toBe('00:12')
    hear({ type: 'call', call_id: 'c-1', stage: 'talking', at_ms: 0, waited_ms: 12_900, role: 'agent', over: false })
    await page.setProps({ stage: 'talking' })
    vi.advanceTimersByTime(7000)
    await nextTick()
    expect(waited(page)).toBe('00:13')
    useDesk().call = null
    await page.setProps({ stage: 'wrap_up' })
    expect(waited(page)).toBe('00:13')
  })

  it('is of the first answer for a colleague who is rung, and not made up where it is not known', async () => {
    const page = show(CallFacts, { pop, stage: 'wrap_up' })
    await nextTick()
    expect(waited(page)).toBeUndefined()
    hear({ type: 'call', call_id: 'c-1', stage: 'talking', at_ms: 0, waited_ms: 61_000, role: 'third', over: false })
    await page.setProps({ stage: 'ringing' })
    expect(waited(page)).toBe('01:01')
  })
})
