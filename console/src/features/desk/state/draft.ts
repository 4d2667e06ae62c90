import type { Schemas } from '@/shared/api/client'

export type TicketKind = Schemas['TicketKind']
export type Answer = string | number | boolean | null

/** What the agent has typed in the call, and what became of it. */
export interface TicketDraft {
  kind: TicketKind
  category_id: string | null
  subject: string
  description: string
  address: string
  area: string
  urgency: Schemas['Urgency']
  name: string
  number: string
  customer_id: string | null
  form: Record<string, Answer>
  read_back: boolean
  /** Sent with the ticket, so that a second try files it once. */
  key: string
  filed: { id: string; number: string } | null
  /** Code of the call's result, as it is stored. */
  result: string | null
  /** Result in hand: it may ask for something, and not be stored yet. */
  picked: { code: string; answers: Record<string, Answer> } | null
}
