import { useQuery } from '@pinia/colada'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { api, data, onceKey, type Schemas } from '@/shared/api/client'

export type Policy = Schemas['Policy']
export type LevelRule = Schemas['LevelRule']
export type Effect = Schemas['WhatIfView']
export type DeadlineReport = Schemas['DeadlineReport']
export type Improvement = Schemas['ImprovementView']

const HOUR_MS = 3_600_000
const once = () => ({ headers: { 'Idempotency-Key': onceKey() } })

/** How departments met the deadlines of the last days. */
export function useDeadlines(days: MaybeRefOrGetter<number>) {
  return useQuery({
    key: () => ['oversight', 'deadlines', toValue(days)],
    query: () => {
      const now = Date.now()
      const query = { since: new Date(now - toValue(days) * 24 * HOUR_MS).toISOString(), until: new Date(now).toISOString() }
      return data(api.GET('/api/v1/service-levels/report', { params: { query } }))
    },
  })
}

/** The policy in force. */
export function usePolicy(enabled: () => boolean) {
  return useQuery({
    key: ['oversight', 'policy'],
    query: async () => (await data(api.GET('/api/v1/service-levels/policies'))).find((one) => one.in_force) ?? null,
    enabled,
  })
}

/** Return what a policy would do to the open tickets; it changes nothing. */
export function whatIf(policy: Policy) {
  return data(api.POST('/api/v1/service-levels/what-if', { body: { policy } }))
}

export function useImprovements() {
  return useQuery({ key: ['oversight', 'improvements'], query: () => data(api.GET('/api/v1/service-levels/improvements')) })
}

export const addImprovement = (body: Schemas['ImprovementInput']) => data(api.POST('/api/v1/service-levels/improvements', { body, ...once() }))
export const doneImprovement = (action_id: string, outcome: string) =>
  data(api.POST('/api/v1/service-levels/improvements/{action_id}/done', { params: { path: { action_id } }, body: { outcome } }))

/** Events that no handler could take. */
export function useLetters() {
  return useQuery({ key: ['oversight', 'letters'], query: () => data(api.GET('/api/v1/outbox/dead-letters')) })
}

export const sendLetter = (sequence: number) => data(api.POST('/api/v1/outbox/dead-letters/{sequence}/redeliver', { params: { path: { sequence: String(sequence) } } }))
export const sendLetters = () => data(api.POST('/api/v1/outbox/dead-letters/redeliver', { body: {} }))
export const dropLetter = (sequence: number, reason: string) =>
  data(api.POST('/api/v1/outbox/dead-letters/{sequence}/drop', { params: { path: { sequence: String(sequence) } }, body: { reason } }))

/** Notices that were given up. */
export function useUndelivered() {
  return useQuery({ key: ['oversight', 'notices'], query: () => data(api.GET('/api/v1/notice-deliveries', { params: { query: { state: 'dead' } } })) })
}

export const sendNotice = (delivery_id: string) => data(api.POST('/api/v1/notice-deliveries/{delivery_id}/redeliver', { params: { path: { delivery_id } } }))
export const sendNotices = () => data(api.POST('/api/v1/notice-deliveries/redeliver', { body: {} }))
export const dropNotice = (delivery_id: string, reason: string) =>
  data(api.POST('/api/v1/notice-deliveries/{delivery_id}/drop', { params: { path: { delivery_id } }, body: { reason } }))

/** Matters that come again: one cause in one area, or one customer. */
export function useRecurring(days: MaybeRefOrGetter<number>, moreThan: MaybeRefOrGetter<number>) {
  return useQuery({
    key: () => ['oversight', 'recurring', toValue(days), toValue(moreThan)],
    query: () => data(api.GET('/api/v1/recurring', { params: { query: { days: toValue(days), more_than: toValue(moreThan) } } })),
  })
}

/** Names of departments and causes by their ids. */
export function useNames(): (id: string | null | undefined) => string {
  const departments = useQuery({ key: ['departments'], query: () => data(api.GET('/api/v1/departments')), staleTime: HOUR_MS })
  const categories = useQuery({ key: ['categories'], query: () => data(api.GET('/api/v1/categories')), staleTime: HOUR_MS })
  const all = computed(() => new Map([...(departments.data.value ?? []), ...(categories.data.value ?? [])].map((one) => [one.id, one.name])))
  return (id) => (id ? (all.value.get(id) ?? '') : '')
}
