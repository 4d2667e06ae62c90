import { describe, expect, it } from 'vitest'
import { filterOf, tabOf } from './filters'
import { facts } from './log'
import type { LogView } from './queries'

describe('the list of tickets', () => {
  it('reads its filters from the address', () => {
    expect([{}, { tab: 'undispatched' }, { tab: 'signed' }, { tab: 'nonsense' }].map(filterOf)).toEqual([{}, { undispatched: true }, { status: 'signed' }, {}])
    expect(tabOf({ tab: 'escalated' })).toBe('escalated')
  })

  it('looks for a number once enough of it is typed', () => {
    expect([filterOf({ number: '2611' }), filterOf({ number: '2611 2900001' })]).toEqual([{}, { number: '26112900001' }])
  })
})

describe('the log of a ticket', () => {
  it('names departments, and leaves out ids and what is no text', () => {
    const entry = { detail: { department_id: 'd-1', person_id: 'p-9', reason: '不热', count: 2, before: { a: 1 }, note: '' } } as unknown as LogView
    expect(facts(entry, (id) => (id === 'd-1' ? '城东维修工区' : ''))).toEqual([['department', '城东维修工区'], ['reason', '不热'], ['count', '2']])
  })
})
