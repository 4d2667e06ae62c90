import { flushPromises } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import { serve, show } from '@/shared/testing/service'
import CustomerAudit from './components/CustomerAudit.vue'
import { together } from './together'
import type { History } from './queries'

describe('the history of a customer', () => {
  it('is newest first, with joined tickets at the moment they were joined', () => {
    const history = {
      tickets: [{ id: 't-1', registered_at: '2026-11-01T00:00:00Z', joined_at: '2026-11-05T00:00:00Z' }, { id: 't-2', registered_at: '2026-11-02T00:00:00Z', joined_at: null }],
      calls: [{ id: 'c-1', started_at: '2026-11-03T00:00:00Z' }],
    } as unknown as History
    expect(together(history).map((event) => event.id)).toEqual(['t-1', 'c-1', 't-2'])
  })
})

describe('what was done to a customer', () => {
  it('names the setting with its value before and now', async () => {
    serve({ 'GET /customers/c-1/audit': [{ at: '2026-11-01T00:00:00Z', action: 'change', staff_name: '何主管', changes: { legal_hold: ['', '诉讼中'], do_not_call: [false, true] } }] })
    const shown = show(CustomerAudit, { customerId: 'c-1' })
    await flushPromises()
    expect(shown.text()).toContain('保留原因：– → 诉讼中、不接受来电：否 → 是')
  })
})
