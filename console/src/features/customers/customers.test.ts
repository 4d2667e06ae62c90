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
    serve({ 'GET /customers/c-1/audit': [{ at: '2026-11-01T00:00:00Z', action: 'change', staff_name: '何主管', names: {}, changes: { legal_hold: ['', '诉讼中'], do_not_call: [false, true] } }] })
    const shown = show(CustomerAudit, { customerId: 'c-1' })
    await flushPromises()
    expect(shown.text()).toContain('保留原因：– → 诉讼中、不接受来电：否 → 是')
  })

  it('names fields and people, and shows no id', async () => {
    const phone = (number: string) => ({ number, current: true, verified_at: null })
    const changes = { agent_id: [null, 'staff-1'], phones: [[phone('+8613800000001')], [phone('+8613800000001'), phone('+8613800000002')]], do_not_call_at: [null, '2026-11-01T00:00:00Z'] }
    const entries = [
      { at: '2026-11-01T00:00:00Z', action: 'change', staff_name: '何主管', names: { 'staff-1': '陈静 1001' }, changes },
      { at: '2026-11-02T00:00:00Z', action: 'merge', staff_name: '何主管', names: { 'customer-1': '6001000001', 'customer-2': '6001000002' }, changes: { merge_id: 'merge-1', kept_id: 'customer-1', merged_id: 'customer-2' } },
      { at: '2026-11-03T00:00:00Z', action: 'look', staff_name: '何主管', names: {}, changes: { reason: '回电', fields: ['name', 'phones'], ticket: '26110100001' } },
    ]
    serve({ 'GET /customers/c-1/audit': entries })
    const shown = show(CustomerAudit, { customerId: 'c-1' })
    await flushPromises()
    const text = shown.text()
    expect(text).toContain('专属坐席：– → 陈静 1001、电话：138 0000 0001 → 138 0000 0001、138 0000 0002')
    expect(text).toContain('保留的户号：6001000001、并入的户号：6001000002')
    expect(text).toContain('回电、查看内容：姓名、电话、工单：26110100001')
    expect(text).not.toMatch(/staff-|customer-|merge-|_id|T00:00/)
  })
})
