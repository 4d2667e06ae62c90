import { useQuery } from '@pinia/colada'
import { toValue, type MaybeRefOrGetter } from 'vue'
import { api, data } from '@/shared/api/client'
import type { Row } from './work'

const PAGE = 200
const MOST_PAGES = 10

/** Every open ticket of the own department, however many. */
export function useOpenWork() {
  return useQuery({
    key: ['tickets', 'work'],
    query: async () => {
      const rows: Row[] = []
      for (let page = 0; page < MOST_PAGES; page += 1) {
        const after = rows.at(-1)?.id
        const query = { status: ['dispatched' as const, 'signed' as const, 'parked' as const], sort: 'oldest' as const, limit: PAGE, ...(after === undefined ? {} : { after }) }
        const found = await data(api.GET('/api/v1/tickets', { params: { query } }))
        rows.push(...found)
        if (found.length < PAGE) break
      }
      return rows
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
