import { describe, expect, it } from 'vitest'
import { byDeadline, dayFrom, filterOf, OPEN_TABS, tabOf, type Row } from './work'

const now = Date.parse('2026-11-29T08:00:00Z')
const row = (id: string, next_due_at: string | null) => ({ id, next_due_at, registered_at: '2026-11-01T00:00:00Z' }) as Row

describe('the work of a department', () => {
  it('is in tabs, which the service filters', () => {
    const filters = Object.fromEntries(OPEN_TABS.map((tab) => [tab, filterOf(tab, 's-1', now)]))
    const status = ['dispatched', 'signed', 'parked']
    expect(filters).toEqual({
      new: { status: ['dispatched'], leads: true }, mine: { status, person_id: 's-1' }, overdue: { status, overdue: true },
      due: { status, overdue: false, due_before: '2026-11-30T08:00:00.000Z' }, open: { status },
    })
  })

  it('shows the most pressing first', () => {
    const rows = [row('paused', null), row('later', '2026-12-05T08:00:00Z'), row('late', '2026-11-29T07:00:00Z')]
    expect(byDeadline(rows).map((one) => one.id)).toEqual(['late', 'later', 'paused'])
  })

  it('begins with what is new', () => {
    expect([tabOf({}), tabOf({ tab: 'overdue' }), tabOf({ tab: 'x' })]).toEqual(['new', 'overdue', 'new'])
  })

  it('counts days over the end of a month', () => {
    expect([dayFrom('2026-11-30', 1), dayFrom('2026-03-01', -1)]).toEqual(['2026-12-01', '2026-02-28'])
  })
})
