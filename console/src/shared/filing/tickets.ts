import { useQuery } from '@pinia/colada'
import { api, data, type Schemas } from '@/shared/api/client'

type Kept = Schemas['DeferredRequestView']
const HOUR_MS = 3_600_000

/** The form of each kind of ticket. */
export function useForms() {
  return useQuery({ key: ['forms'], query: () => data(api.GET('/api/v1/ticket-forms')), staleTime: HOUR_MS, gcTime: HOUR_MS })
}

/** File a ticket; with the same key a second time it is filed once. Kept on disk where the database is away. */
export function fileTicket(body: Schemas['FileTicket'], key: string): Promise<Schemas['TicketView'] | Kept> {
  return data(api.POST('/api/v1/tickets', { body, headers: { 'Idempotency-Key': key } }))
}

export function isKept(answer: Schemas['TicketView'] | Kept): answer is Kept {
  return 'deferred_id' in answer
}
