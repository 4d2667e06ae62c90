import { useQuery } from '@pinia/colada'
import { toValue, type MaybeRefOrGetter } from 'vue'
import { api, data, type Schemas } from '@/shared/api/client'

export type Customer = Pick<Schemas['CustomerView'], 'id' | 'name' | 'address' | 'area'>
type Answer = Schemas['TicketView'] | Schemas['DeferredRequestView']

const HOUR_MS = 3_600_000

export function useForms() {
  return useQuery({ key: ['forms'], query: () => data(api.GET('/api/v1/ticket-forms')), staleTime: HOUR_MS, gcTime: HOUR_MS })
}

/** Customers by a part of name, address, account or telephone. */
export function useCustomersLike(text: MaybeRefOrGetter<string>) {
  return useQuery({
    key: () => ['customers', 'like', toValue(text)],
    query: () => data(api.GET('/api/v1/customers', { params: { query: { text: toValue(text) } } })),
    enabled: () => toValue(text).length > 1,
  })
}

/** Return a customer with the telephones. */
export function customerOf(customer_id: string): Promise<Schemas['CustomerDetail']> {
  return data(api.GET('/api/v1/customers/{customer_id}', { params: { path: { customer_id } } }))
}

/** File a ticket; with the same key a second time it is filed once. Kept on disk where the database is away. */
export function fileTicket(body: Schemas['FileTicket'], key: string): Promise<Answer> {
  return data(api.POST('/api/v1/tickets', { body, headers: { 'Idempotency-Key': key } }))
}
