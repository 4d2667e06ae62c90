import { describe, expect, it } from 'vitest'
import { addressOf, mayExport } from './exports'
import { shows, storable } from './saved-views'

describe('a list', () => {
  it('is a file with the filters of its page', () => {
    expect(addressOf('tickets', 'csv', { status: ['signed', 'parked'], text: '', escalated: undefined }, 'zh')).toBe(
      '/api/v1/tickets.csv?status=signed&status=parked&language=zh',
    )
    expect((['agent', 'department', null] as const).map(mayExport)).toEqual([false, true, false])
  })

  it('has views that say which of them is shown', () => {
    const view = { id: 'view-1', name: 'x', query: { tab: 'refused' }, shared: false, own: true, staff_name: '王' }
    expect(storable({ tab: 'refused', text: '', several: ['a', 'b'] })).toEqual({ tab: 'refused' })
    expect([{ tab: 'refused' }, { tab: 'refused', text: 'x' }, {}].map((query) => shows(query, view))).toEqual([true, false, false])
  })
})
