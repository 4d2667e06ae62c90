import { useQuery } from '@pinia/colada'
import { computed, toValue, type ComputedRef, type MaybeRefOrGetter } from 'vue'
import { api, data, type Schemas } from '@/shared/api/client'
import type { AreaNote } from '@/shared/ui/AreaNotes.vue'

export type CustomerDetail = Schemas['CustomerDetail']
export type CustomerView = Schemas['CustomerView']
export type History = Schemas['History']

/** Fewer characters of an address stand for no place. */
export const LEAST = 2

const of = (customer_id: string) => ({ path: { customer_id } })

export function useCustomer(id: MaybeRefOrGetter<string>) {
  return useQuery({
    key: () => ['customers', 'one', toValue(id)],
    query: () => data(api.GET('/api/v1/customers/{customer_id}', { params: of(toValue(id)) })),
  })
}

/** Tickets and calls of a customer in the last days. */
export function useHistory(id: MaybeRefOrGetter<string>, days: MaybeRefOrGetter<number>) {
  return useQuery({
    key: () => ['customers', 'history', toValue(id), toValue(days)],
    query: () => data(api.GET('/api/v1/customers/{customer_id}/history', { params: { ...of(toValue(id)), query: { days: toValue(days) } } })),
  })
}

/** Reminders of a customer's arrears, newest first. */
export function useReminders(id: MaybeRefOrGetter<string>) {
  return useQuery({
    key: () => ['arrears-reminders', toValue(id)],
    query: () => data(api.GET('/api/v1/customers/{customer_id}/arrears-reminders', { params: of(toValue(id)) })),
  })
}

/** Notices that hold in an area now. */
export function useAreaNotes(area: MaybeRefOrGetter<string>): ComputedRef<AreaNote[]> {
  const { data: notices } = useQuery({
    key: () => ['area-notices', toValue(area)],
    query: () => data(api.GET('/api/v1/area-notices', { params: { query: { area: toValue(area) } } })),
    enabled: () => toValue(area) !== '',
  })
  return computed(() =>
    (notices.value ?? []).map(({ id, area: place, zh, en, ends_at }) => ({ id, area: place, text: { zh, en: en || zh }, ends_at_ms: Date.parse(ends_at) })),
  )
}

/** Other customers at an address. */
export function useHousehold(customer: MaybeRefOrGetter<CustomerDetail | undefined>) {
  const place = () => toValue(customer)?.address ?? ''
  return useQuery({
    key: () => ['customers', 'like', place()],
    query: () => data(api.GET('/api/v1/customers', { params: { query: { text: place() } } })),
    enabled: () => place().length >= LEAST,
  })
}

/** Customers who may be the same person. */
export function useDuplicates(id: MaybeRefOrGetter<string>, enabled: () => boolean) {
  return useQuery({
    key: () => ['customers', 'duplicates', toValue(id)],
    query: () => data(api.GET('/api/v1/customers/{customer_id}/duplicates', { params: of(toValue(id)) })),
    enabled,
  })
}

export function useMerges(id: MaybeRefOrGetter<string>, enabled: () => boolean) {
  return useQuery({
    key: () => ['customers', 'merges', toValue(id)],
    query: () => data(api.GET('/api/v1/customers/{customer_id}/merges', { params: of(toValue(id)) })),
    enabled,
  })
}

/** Return a customer unmasked; the service notes account and reason. */
export function look(id: string, reason: string) {
  return data(api.POST('/api/v1/customers/{customer_id}/looks', { params: of(id), body: { reason } }))
}

/** Return what a merge would do; it changes nothing. */
export function usePreview(kept: MaybeRefOrGetter<string>, merged: MaybeRefOrGetter<string>) {
  return useQuery({
    key: () => ['customers', 'preview', toValue(kept), toValue(merged)],
    query: () => data(api.POST('/api/v1/customer-merges/preview', { body: { kept_id: toValue(kept), merged_id: toValue(merged) } })),
    staleTime: 0,
  })
}

/** Merge two customers as they were looked at: a change since then is a conflict. */
export function merge(seen: Schemas['MergePreview']) {
  const { kept, merged } = seen
  const body = { kept_id: kept.id, merged_id: merged.id, kept_version: kept.version, merged_version: merged.version }
  return data(api.POST('/api/v1/customer-merges', { body }))
}

export function unmerge(merge_id: string) {
  return data(api.POST('/api/v1/customer-merges/{merge_id}/undo', { params: { path: { merge_id } } }))
}

/** Actions on a customer's data, newest first. */
export function useAudit(id: MaybeRefOrGetter<string>) {
  return useQuery({
    key: () => ['customers', 'audit', toValue(id)],
    query: () => data(api.GET('/api/v1/customers/{customer_id}/audit', { params: of(toValue(id)) })),
  })
}

export function exported(id: string) {
  return data(api.GET('/api/v1/customers/{customer_id}/data', { params: of(id) }))
}

export function hold(id: string, reason: string) {
  return data(api.PUT('/api/v1/customers/{customer_id}/legal-hold', { params: of(id), body: { reason } }))
}

export function erase(id: string, reason: string) {
  return data(api.POST('/api/v1/customers/{customer_id}/erasure', { params: of(id), body: { reason } }))
}

/** Change some fields of a customer as it was looked at. */
export function change(customer: CustomerDetail, fields: Partial<Schemas['CustomerChange']>) {
  return data(api.PATCH('/api/v1/customers/{customer_id}', { params: of(customer.id), body: { ...fields, version: customer.version } }))
}

/** Add a telephone that the customer confirmed. */
export function addPhone(id: string, number: string) {
  return data(api.POST('/api/v1/customers/{customer_id}/confirmed-phones', { params: of(id), body: { number } }))
}

/** Agents whom a customer may have as an own one. */
export function useAgents(enabled: () => boolean) {
  return useQuery({ key: ['staff'], enabled, query: () => data(api.GET('/api/v1/staff')) })
}

/** Set the customer's own agent; none without an id. */
export function giveAgent(customer: CustomerDetail, agent_id: string | null) {
  return data(api.PUT('/api/v1/customers/{customer_id}/agent', { params: { path: { customer_id: customer.id } }, body: { agent_id, version: customer.version } }))
}
