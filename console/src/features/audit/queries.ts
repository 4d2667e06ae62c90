import { useInfiniteQuery, useQuery } from '@pinia/colada'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import type { LocationQuery } from 'vue-router'
import { api, data, type Schemas } from '@/shared/api/client'
import { useNames } from '@/shared/house/house'
import { inLanguage } from '@/shared/i18n/i18n'
import { momentOf } from '@/shared/i18n/zone'

export type AuditEntry = Schemas['AuditEntryView']
type Subject = Schemas['EntrySubject']
type Action = Schemas['EntryAction']

export interface AuditFilter {
  subject?: Subject
  subject_id?: string
  action?: Action
  staff_id?: string
  since?: string
  until?: string
}

const PAGE = 50
const DAY_MS = 86_400_000
const DAY = /^\d{4}-\d\d-\d\d$/

/** Return what an address asks for; the last day is included. */
export function filterOf(query: LocationQuery): AuditFilter {
  const text = (name: string) => (typeof query[name] === 'string' ? query[name] : '')
  const last = text('last')
  const dayAfter = DAY.test(last) ? new Date(Date.parse(`${last}T00:00Z`) + DAY_MS).toISOString().slice(0, 10) : ''
  return {
    ...(text('subject') === '' ? {} : { subject: text('subject') as Subject }),
    ...(text('object') === '' ? {} : { subject_id: text('object') }),
    ...(text('action') === '' ? {} : { action: text('action') as Action }),
    ...(text('person') === '' ? {} : { staff_id: text('person') }),
    ...(DAY.test(text('since')) ? { since: momentOf(`${text('since')}T00:00`) } : {}),
    ...(dayAfter === '' ? {} : { until: momentOf(`${dayAfter}T00:00`) }),
  }
}

/** Entries that fit a filter, newest first, page by page. */
export function useEntries(filter: MaybeRefOrGetter<AuditFilter>) {
  const pages = useInfiniteQuery<AuditEntry[], Error, string | null>({
    key: () => ['audit', { ...toValue(filter) }],
    initialPageParam: null,
    query: ({ pageParam }) =>
      data(api.GET('/api/v1/audit-log', { params: { query: { ...toValue(filter), limit: PAGE, ...(pageParam === null ? {} : { after: pageParam }) } } })),
    getNextPageParam: (last) => (last.length < PAGE ? null : (last.at(-1)?.id ?? null)),
  })
  const entries = computed(() => pages.data.value?.pages.flat() ?? [])
  return { ...pages, entries }
}

/** Every account, closed ones included: they stand in the log. */
export function useAccounts() {
  return useQuery({ key: ['staff'], query: () => data(api.GET('/api/v1/staff')) })
}

/** Return a function that names what an id stands for, else returns the id. */
export function useIdNames(): (id: string) => string {
  const accounts = useAccounts()
  const house = useNames()
  const names = computed(() => new Map((accounts.data.value ?? []).map((one) => [one.id, one.name])))
  return (id) => names.value.get(id) ?? (house(id) || id)
}

/** Return a function that names a queue in the page's language, else returns its code. */
export function useQueueNames(): (queue: string) => string {
  const queues = useQuery({ key: ['queues'], query: () => data(api.GET('/api/v1/queues')), staleTime: 60_000 })
  return (name) => {
    const found = queues.data.value?.find((one) => one.name === name)
    return found === undefined ? name : inLanguage({ zh: found.title_zh, en: found.title_en })
  }
}
