import type { Schemas } from '@/shared/api/client'
import type { Tone } from './UiTag.vue'

/** Return the tone of a ticket's state: open ones want attention, refused ones most. */
export function ticketTone(status: Schemas['TicketStatus']): Tone {
  if (status === 'archived' || status === 'merged' || status === 'cancelled') return 'plain'
  if (status === 'refused') return 'bad'
  if (status === 'registered') return 'warn'
  return status === 'replied' || status === 'survey' ? 'good' : 'busy'
}

/** Return the tone of a ticket's urgency. */
export function urgencyTone(urgency: Schemas['Urgency']): Tone {
  return urgency === 'critical' ? 'bad' : urgency === 'urgent' ? 'warn' : 'plain'
}
