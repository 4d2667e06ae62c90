import { useQuery } from '@pinia/colada'
import { toValue, type MaybeRefOrGetter } from 'vue'
import { api, data, onceKey, type Schemas } from '@/shared/api/client'

export type Handover = Schemas['HandoverView']
export type OpenTicket = Schemas['OpenTicket']

/** Handovers, newest first; a department sees its own. */
export function useHandovers() {
  return useQuery({ key: ['handovers', 'list'], query: () => data(api.GET('/api/v1/handovers')) })
}

/** One handover with its tickets, once it is opened. */
export function useHandover(id: MaybeRefOrGetter<string>, enabled: () => boolean) {
  return useQuery({
    key: () => ['handovers', 'one', toValue(id)],
    query: () => data(api.GET('/api/v1/handovers/{handover_id}', { params: { path: { handover_id: toValue(id) } } })),
    enabled,
  })
}

/** What the shift would leave open now. */
export function useLeftOpen(department: MaybeRefOrGetter<string | null>) {
  return useQuery({
    key: () => ['handovers', 'open', toValue(department)],
    query: () => {
      const department_id = toValue(department)
      return data(api.GET('/api/v1/left-open', { params: { query: department_id === null ? {} : { department_id } } }))
    },
  })
}

export const handOver = (body: Schemas['HandOver']) => data(api.POST('/api/v1/handovers', { body, headers: { 'Idempotency-Key': onceKey() } }))
export const acknowledge = (handover_id: string, notes: string) =>
  data(api.POST('/api/v1/handovers/{handover_id}/acknowledge', { params: { path: { handover_id } }, body: { notes } }))
