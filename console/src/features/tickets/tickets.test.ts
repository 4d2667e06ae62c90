import { describe, expect, it } from 'vitest'
import { fieldsOf, offered, requestOf, type Offer } from './actions'
import { countOf, filterOf, tabOf, tabsOf, tooShort } from './filters'
import { facts } from './log'
import type { LogView, TicketDetail } from './queries'

describe('the list of tickets', () => {
  it('reads its filters from the address', () => {
    expect([{}, { tab: 'undispatched' }, { tab: 'signed' }, { tab: 'nonsense' }].map((query) => filterOf(query))).toEqual([{}, { undispatched: true }, { status: ['signed'] }, {}])
    expect(tabOf({ tab: 'escalated' })).toBe('escalated')
  })

  it('looks for words once enough of them are typed', () => {
    expect([' 暖气 ', '26113', '138 0000 0001', '0431-88880000', '1380000'].map((text) => filterOf({ text }))).toEqual([
      { text: '暖气' }, { text: '26113' }, { reporter_number: '13800000001' }, { reporter_number: '043188880000' }, { text: '1380000' },
    ])
    expect([tooShort(filterOf({ text: '暖' })), tooShort(filterOf({ text: '暖气' })), tooShort(filterOf({}))]).toEqual([true, false, false])
    expect(filterOf({ text: '王秀英', customer: 'c-7' })).toEqual({ customer_id: 'c-7' })
  })

  it('counts what each tab has', () => {
    const counts = { total: 9, escalated: 2, by_status: { registered: 3, refused: 1, signed: 4 } } as never
    expect((['all', 'undispatched', 'escalated', 'signed', 'replied'] as const).map((tab) => countOf(tab, counts))).toEqual([9, 4, 2, 4, 0])
  })
})

describe('the log of a ticket', () => {
  it('names departments, and leaves out ids and what is no text', () => {
    const entry = { detail: { department_id: 'd-1', person_id: 'p-9', reason: '不热', count: 2, before: { a: 1 }, note: '' } } as unknown as LogView
    expect(facts(entry, (id) => (id === 'd-1' ? '城东维修工区' : ''))).toEqual([['department', '城东维修工区'], ['reason', '不热'], ['count', '2']])
  })
})

describe('the actions on a ticket', () => {
  const offer = (action: string, ...fields: [string, boolean][]) =>
    ({ action, method: 'POST', path: `/api/v1/tickets/t/${action}`, fields: fields.map(([name, required]) => ({ name, required })) }) as Offer
  const ticket = { subject: '不热', description: '', address: '', area: '', urgency: 'normal', category_id: null, version: 7 } as unknown as TicketDetail

  it('are offered where the page can ask for what they need, what is done most first', () => {
    const offers = [offer('cancel', ['reason', true]), offer('attach', ['recording_id', true]), offer('sign'), offer('refuse', ['reason', true], ['evidence_recording_id', false])]
    expect(offered(offers).map((one) => one.action)).toEqual(['sign', 'refuse', 'cancel'])
    expect(fieldsOf(offers[3] as Offer)).toEqual([{ name: 'reason', required: true, control: 'choice', group: 'RefusalReason' }])
  })

  it('name the version they were decided on', () => {
    expect(requestOf(offer('park', ['version', false], ['reason', true]), ticket, { reason: ' 等待用户 ' })).toEqual({ reason: '等待用户', version: 7 })
  })

  it('correct only what was changed', () => {
    const correct = offer('correct', ['version', false], ['subject', false], ['address', false], ['reason', false])
    expect(requestOf(correct, ticket, { subject: '不热', address: '幸福路12号', reason: '听错' })).toEqual({ address: '幸福路12号', reason: '听错', version: 7 })
  })

  it('begin at a department with what it has to sign for', () => {
    expect(filterOf({}, tabsOf('department'))).toEqual({ status: ['dispatched'] })
  })
})
