import { describe, expect, it } from 'vitest'
import { dayFrom, ofTab, tabOf, type Row } from './work'

const now = Date.parse('2026-11-29T08:00:00Z')
const viewer = { staffId: 's-1', departmentId: 'd-1', nowMs: now }
const row = (id: string, more: Partial<Row>) =>
  ({ id, status: 'signed', department_id: 'd-1', person_id: null, next_due_at: null, registered_at: '2026-11-01T00:00:00Z', ...more }) as Row

describe('the work of a department', () => {
  const rows = [
    row('later', { next_due_at: '2026-12-05T08:00:00Z', person_id: 's-1' }),
    row('late', { next_due_at: '2026-11-29T07:00:00Z' }),
    row('soon', { next_due_at: '2026-11-29T20:00:00Z', status: 'dispatched' }),
    row('helped', { status: 'dispatched', department_id: 'd-2' }),
  ]
  const ids = (tab: Parameters<typeof ofTab>[0]) => ofTab(tab, rows, viewer).map((one) => one.id)

  it('is in tabs, the most pressing first', () => {
    expect({ new: ids('new'), mine: ids('mine'), due: ids('due'), overdue: ids('overdue'), open: ids('open') }).toEqual({
      new: ['soon'], mine: ['later'], due: ['soon'], overdue: ['late'], open: ['late', 'soon', 'later', 'helped'],
    })
  })

  it('begins with what is new', () => {
    expect([tabOf({}), tabOf({ tab: 'overdue' }), tabOf({ tab: 'x' })]).toEqual(['new', 'overdue', 'new'])
  })

  it('counts days over the end of a month', () => {
    expect([dayFrom('2026-11-30', 1), dayFrom('2026-03-01', -1)]).toEqual(['2026-12-01', '2026-02-28'])
  })
})
