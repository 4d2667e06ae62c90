import type { Schemas } from '@/shared/api/client'
import { momentOf } from '@/shared/i18n/zone'
import type { TicketDetail } from './queries'

export type Offer = Schemas['Offer']
export type Control = 'lines' | 'line' | 'department' | 'person' | 'category' | 'moment' | 'window' | 'ticket' | 'choice' | 'photos'

export interface ActionField {
  name: string
  required: boolean
  control: Control
  /** Type of the service; the person chooses one of its values. */
  group?: string
}

const CONTROLS: Record<string, Control> = {
  reason: 'lines', explanation: 'lines', text: 'lines', left_out_because: 'lines', instruction: 'lines', finding: 'lines',
  corrective_measures: 'lines', preventive_measures: 'lines', description: 'lines',
  responsibility: 'line', subject: 'line', address: 'line', area: 'line',
  department_id: 'department', person_id: 'person', category_id: 'category', until: 'moment', visit_from: 'window', into: 'ticket', file_ids: 'photos',
}
const GROUPS: Record<string, string> = { 'refuse.reason': 'RefusalReason', 'judge.validity': 'Validity', 'correct.urgency': 'Urgency' }

/** Actions in the order of their buttons: what is done most comes first, what cannot be undone last. */
const ORDER = [
  'sign', 'reply', 'dispatch', 'answer', 'accept', 'decline', 'uphold', 'overrule', 'grant_extension', 'deny_extension', 'co_sign', 'co_reply',
  'survey', 'archive', 'redo', 'refuse', 'ask_extension', 'park', 'unpark', 'book_visit', 'cancel_visit', 'append', 'urge', 'note', 'correct',
  'escalate', 'supervise', 'pass_up', 'judge', 'contest', 'merge', 'unmerge', 'cancel',
]
const MAIN = new Set(['sign', 'reply', 'dispatch', 'uphold', 'grant_extension', 'co_sign', 'co_reply', 'survey', 'archive'])

const place = (offer: Offer) => (ORDER.indexOf(offer.action) + ORDER.length + 1) % (ORDER.length + 1)

/** Return the fields that the page asks for; what it cannot ask for is left to the service's defaults. */
export function fieldsOf(offer: Offer): ActionField[] {
  return offer.fields.flatMap(({ name, required }): ActionField[] => {
    const group = GROUPS[`${offer.action}.${name}`]
    if (group !== undefined) return [{ name, required, control: 'choice', group }]
    const control = CONTROLS[name]
    return control === undefined ? [] : [{ name, required, control }]
  })
}

const PENDING = new Set(['asked', 'signed'])

/** Return the departments that help with a ticket and have not answered. */
export function pendingOf(ticket: TicketDetail): string[] {
  return ticket.co_handlers.filter((one) => PENDING.has(one.state)).map((one) => one.department_id)
}

/** Return the fields that a ticket needs now: a reply without its helpers has a reason, and a department books its own visits. */
export function neededFields(offer: Offer, ticket: TicketDetail, role: string | null): ActionField[] {
  return fieldsOf(offer).flatMap((field) => {
    if (field.name === 'left_out_because') return pendingOf(ticket).length > 0 ? [{ ...field, required: true }] : []
    return offer.action === 'book_visit' && field.name === 'department_id' && role === 'department' ? [] : [field]
  })
}

/** Return whether an action is carried out at its first press: it asks for nothing, and a mistake can be mended. */
export function isAtOnce(offer: Offer): boolean {
  return (offer.action === 'sign' || offer.action === 'co_sign') && fieldsOf(offer).length === 0
}

/** Return the offers that the page can carry out, in the order of their buttons. */
export function offered(offers: readonly Offer[]): Offer[] {
  const complete = (offer: Offer) => {
    const asked = new Set(fieldsOf(offer).map((field) => field.name))
    return offer.fields.every((field) => !field.required || asked.has(field.name))
  }
  return offers.filter(complete).toSorted((one, other) => place(one) - place(other))
}

/** Return whether an action is what the ticket waits for. */
export function isMain(offer: Offer): boolean {
  return MAIN.has(offer.action)
}

/** Return what the form of an action shows at first: a correction begins with what the ticket says now. */
export function initial(offer: Offer, ticket: TicketDetail): Record<string, string> {
  if (offer.action === 'book_visit') return { department_id: ticket.department_id ?? '' }
  if (offer.action !== 'correct') return {}
  const { subject, description, address, area, urgency, category_id } = ticket
  return { subject, description, address, area, urgency, category_id: category_id ?? '' }
}

/** What the person saw when the form was opened: what differs from it is a change, made for that version of the ticket. */
export interface Seen {
  version: number
  values: Record<string, string>
}

/** Return the values that the person changed. */
export function typed(seen: Seen, values: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter(([name, value]) => value.trim() !== (seen.values[name] ?? '')))
}

/** Return the request of an action: what was typed, the version that was seen, and of a correction only what differs. */
export function requestOf(offer: Offer, seen: Seen, values: Record<string, string>): Record<string, unknown> {
  const changed = typed(seen, values)
  const request: Record<string, unknown> = {}
  for (const { name, control } of fieldsOf(offer)) {
    if (control === 'photos') continue
    const value = changed[name]?.trim()
    if (value === undefined) continue
    request[name] = control === 'moment' ? momentOf(value) : value
  }
  if (offer.fields.some((field) => field.name === 'version')) request['version'] = seen.version
  return request
}
