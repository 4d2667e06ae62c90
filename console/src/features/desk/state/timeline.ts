import type { Pop, PopCall } from '@/shared/socket/messages'
import { ticketTone } from '@/shared/ui/ticket-tone'
import type { Tone } from '@/shared/ui/UiTag.vue'

export interface TimelineEvent {
  id: string
  kind: 'ticket' | 'call'
  at: number
  /** Place on the line, from 0 (the oldest day) to 1 (now). */
  place: number
  text: string
  state: string
  tone: Tone
}

const DAY_MS = 86_400_000

/** Return the tone of an earlier call: one that reached no person is remembered by the caller. */
export function callTone(outcome: PopCall['outcome']): Tone {
  if (outcome === 'abandoned' || outcome === 'fallback') return 'warn'
  return outcome === 'lost' || outcome === 'failed' ? 'bad' : 'plain'
}

/** Return tickets and calls of the last days together, newest first. */
export function timeline(history: NonNullable<Pop['history']>, untilMs: number): TimelineEvent[] {
  const from = untilMs - history.days * DAY_MS
  const place = (at: number) => Math.min(1, Math.max(0, (at - from) / (untilMs - from)))
  const tickets = history.tickets.map((ticket): TimelineEvent => ({
    id: ticket.id,
    kind: 'ticket',
    at: ticket.registered_at_ms,
    place: place(ticket.registered_at_ms),
    text: ticket.subject,
    state: ticket.status,
    tone: ticketTone(ticket.status),
  }))
  const calls = history.calls.map((call): TimelineEvent => ({
    id: call.id,
    kind: 'call',
    at: call.started_at_ms,
    place: place(call.started_at_ms),
    text: call.direction,
    state: call.outcome,
    tone: callTone(call.outcome),
  }))
  return [...tickets, ...calls].toSorted((one, other) => other.at - one.at)
}
