import type { History } from './queries'

export type HistoryEvent =
  | { kind: 'ticket'; id: string; at: string; ticket: History['tickets'][number] }
  | { kind: 'call'; id: string; at: string; call: History['calls'][number] }

/** Return tickets and calls together, newest first; a ticket that the customer joined stands at that moment. */
export function together(history: History): HistoryEvent[] {
  const tickets = history.tickets.map((ticket): HistoryEvent => ({ kind: 'ticket', id: ticket.id, at: ticket.joined_at ?? ticket.registered_at, ticket }))
  const calls = history.calls.map((call): HistoryEvent => ({ kind: 'call', id: call.id, at: call.started_at, call }))
  return [...tickets, ...calls].toSorted((one, other) => Date.parse(other.at) - Date.parse(one.at))
}
