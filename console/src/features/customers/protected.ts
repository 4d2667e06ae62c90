import { useQuery } from '@pinia/colada'
import { api, data, type Schemas } from '@/shared/api/client'
import { momentOf } from '@/shared/i18n/zone'

export type ProtectedList = Schemas['ProtectedListView']

/** A list as its form holds it: days, the last one included. */
export interface ProtectedDraft {
  name: string
  reason: string
  since: string
  last: string
  customers: readonly { id: string; name: string }[]
}

const DAY_MS = 86_400_000
const of = (list_id: string) => ({ path: { list_id } })

export function useProtectedLists() {
  return useQuery({ key: ['customers', 'protected'], query: () => data(api.GET('/api/v1/protected-lists')) })
}

/** Names of some customers by id, one request each. */
export function useNamesOf(ids: () => readonly string[]) {
  return useQuery({
    key: () => ['customers', 'names', ...ids()],
    query: async () => {
      const found = await Promise.all(ids().map((customer_id) => data(api.GET('/api/v1/customers/{customer_id}', { params: { path: { customer_id } } }))))
      return new Map(found.map((one) => [one.id, one.name]))
    },
    enabled: () => ids().length > 0,
  })
}

/** Return a draft as the service takes it. */
export function asInput(draft: ProtectedDraft): Schemas['ProtectedListInput'] {
  const after = draft.last === '' ? '' : new Date(Date.parse(`${draft.last}T00:00Z`) + DAY_MS).toISOString().slice(0, 10)
  return {
    name: draft.name,
    reason: draft.reason,
    in_force_from: momentOf(`${draft.since}T00:00`),
    in_force_until: momentOf(`${after}T00:00`),
    customer_ids: draft.customers.map((one) => one.id),
  }
}

export function store(id: string | null, draft: ProtectedDraft): Promise<ProtectedList> {
  const body = asInput(draft)
  return id === null
    ? data(api.POST('/api/v1/protected-lists', { body }))
    : data(api.PUT('/api/v1/protected-lists/{list_id}', { params: of(id), body }))
}

export const remove = (id: string) => data(api.DELETE('/api/v1/protected-lists/{list_id}', { params: of(id) }))
