import { useQuery } from '@pinia/colada'
import { toValue, type MaybeRefOrGetter } from 'vue'
import { api, data, onceKey, type Schemas } from '@/shared/api/client'
import { byDeadline, filterOf, OPEN_TABS, type Tab } from './work'

const PAGE = 100

/** Open tickets of a tab, the longest waiting of them where there are very many. */
export function useTabWork(tab: MaybeRefOrGetter<Tab>, staffId: MaybeRefOrGetter<string>) {
  return useQuery({
    key: () => ['tickets', 'work', toValue(tab)],
    query: async () => {
      const chosen = toValue(tab)
      if (chosen === 'refused') return []
      const query = { ...filterOf(chosen, toValue(staffId), Date.now()), sort: 'oldest' as const, limit: PAGE }
      return byDeadline(await data(api.GET('/api/v1/tickets', { params: { query } })))
    },
  })
}

/** Number of tickets in each tab, however many. */
export function useTabCounts(staffId: MaybeRefOrGetter<string>) {
  return useQuery({
    key: ['tickets', 'work-counts'],
    query: async () => {
      const counts = OPEN_TABS.map(async (tab): Promise<[Tab, number]> => {
        const query = filterOf(tab, toValue(staffId), Date.now())
        return [tab, (await data(api.GET('/api/v1/ticket-counts', { params: { query } }))).total]
      })
      return Object.fromEntries(await Promise.all(counts)) as Partial<Record<Tab, number>>
    },
  })
}

/** What the own department refused, and what was ruled. */
export function useRefused() {
  return useQuery({ key: ['tickets', 'refused-by-us'], query: () => data(api.GET('/api/v1/own-refusals')) })
}

export function useVisits(day: MaybeRefOrGetter<string>) {
  return useQuery({
    key: () => ['tickets', 'visits', toValue(day)],
    query: () => data(api.GET('/api/v1/appointments', { params: { query: toValue(day) === '' ? {} : { day: toValue(day) } } })),
  })
}

export function useDuty(department: MaybeRefOrGetter<string>) {
  const path = () => ({ params: { path: { department_id: toValue(department) } } })
  const enabled = () => toValue(department) !== ''
  return {
    now: useQuery({ key: () => ['duty', 'now', toValue(department)], query: () => data(api.GET('/api/v1/departments/{department_id}/on-duty', path())), enabled }),
    recipients: useQuery({ key: () => ['duty', 'recipients', toValue(department)], query: () => data(api.GET('/api/v1/notice-recipients', { params: { query: { department_id: toValue(department) } } })), enabled }),
    week: useQuery({ key: () => ['duty', 'week', toValue(department)], query: () => data(api.GET('/api/v1/departments/{department_id}/duty-rota', path())), enabled }),
  }
}

export function saveRota(department_id: string, body: Schemas['RotaInput']) {
  return data(api.PUT('/api/v1/departments/{department_id}/duty-rota', { params: { path: { department_id } }, body }))
}

/** Add a telephone of a department; it hears of tickets only while it is on duty. */
export function addNumber(department_id: string, name: string, address: string) {
  const body = { department_id, name, address, channel: 'sms' as const, standing: false }
  return data(api.POST('/api/v1/notice-recipients', { body, headers: { 'Idempotency-Key': onceKey() } }))
}

