import { useQuery } from '@pinia/colada'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { api, data, type Schemas } from '@/shared/api/client'
import { useSession } from '@/shared/session/session'
import type { operations } from '@/shared/api/schema'
import type { Period } from './periods'
import type { Figure, Group, Question, Report } from './reports'

const MINUTE_MS = 60_000

/** Definitions of all figures: names, formulas and units. */
export function useFigures(of: () => Question['of'] | 'staffing') {
  const found = useQuery({ key: ['figure-definitions'], query: () => data(api.GET('/api/v1/figure-definitions')), staleTime: Number.POSITIVE_INFINITY })
  return computed<readonly Figure[]>(() => found.data.value?.[of()] ?? [])
}

function asked(question: Question, { since, until }: Period): Promise<Report> {
  const { by, within_s, short_s } = question
  const times = { since, until, by }
  if (question.of === 'calls') {
    const group = question.group as Extract<Group, 'none' | 'queue' | 'agent' | 'access_number'>
    return data(api.GET('/api/v1/reports/calls', { params: { query: { ...times, group, within_s, short_s } } }))
  }
  if (question.of === 'flows') return data(api.GET('/api/v1/reports/flows', { params: { query: times } }))
  if (question.of === 'agents') return data(api.GET('/api/v1/reports/agents', { params: { query: times } }))
  const group = question.group as Extract<Group, 'none' | 'kind' | 'category' | 'area' | 'department'>
  return data(api.GET('/api/v1/reports/tickets', { params: { query: { ...times, group } } }))
}

/** The report of a question, for its own time or the one it is compared with. */
export function useReport(question: MaybeRefOrGetter<Question>, period: MaybeRefOrGetter<Period | null>) {
  return useQuery({
    key: () => {
      const { of, by, group, within_s, short_s } = toValue(question)
      const { since = '', until = '' } = toValue(period) ?? {}
      return ['reports', of, by, group, within_s, short_s, since, until]
    },
    query: () => asked(toValue(question), toValue(period) ?? toValue(question)),
    enabled: () => toValue(period) !== null,
    staleTime: MINUTE_MS / 4,
  })
}

/** Address of a report as a file. */
export function fileOf(question: Question, kind: 'csv' | 'xlsx', language: string): string {
  const { of, since, until, by, group, within_s, short_s } = question
  const limits = of === 'calls' ? { within_s: String(within_s), short_s: String(short_s) } : {}
  return `/api/v1/reports/${of}.${kind}?${new URLSearchParams({ since, until, by, ...(of === 'agents' || of === 'flows' ? {} : { group }), ...limits, language }).toString()}`
}

/** Queues, for their names in the page's language; the service shows them to those who watch them, not to quality. */
export function useQueues() {
  const session = useSession()
  return useQuery({ key: ['queues'], query: () => data(api.GET('/api/v1/queues')), enabled: () => session.role !== 'quality', staleTime: MINUTE_MS })
}

type CallQuery = NonNullable<operations['get_calls']['parameters']['query']>
type TicketQuery = NonNullable<operations['get_tickets']['parameters']['query']>
const NUMBERS = new Set(['wait_at_most_ms', 'wait_below_ms'])

/** Filters as the service takes them, from those of an address. */
function filters(query: Record<string, string>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(query).map(([name, value]) => [name, NUMBERS.has(name) ? Number(value) : value === 'true' ? true : name === 'status' ? [value] : value]))
}

const MOST_CALLS = 500
const MOST_TICKETS = 200

/** Calls behind a number, newest first. */
export function useCallsBehind(query: () => Record<string, string>, enabled: () => boolean) {
  return useQuery({
    key: () => ['calls', query()],
    query: () => data(api.GET('/api/v1/calls', { params: { query: { ...(filters(query()) as CallQuery), limit: MOST_CALLS } } })),
    enabled,
  })
}

/** Tickets behind a number, newest first. */
export function useTicketsBehind(query: () => Record<string, string>, enabled: () => boolean) {
  return useQuery({
    key: () => ['tickets', 'behind', query()],
    query: () => data(api.GET('/api/v1/tickets', { params: { query: { ...(filters(query()) as TicketQuery), limit: MOST_TICKETS } } })),
    enabled,
  })
}

/** Names of staff by id. */
export function usePeopleNames() {
  const found = useQuery({ key: ['people'], query: () => data(api.GET('/api/v1/people')), staleTime: MINUTE_MS })
  return (id: string | null | undefined): string => found.data.value?.find((one) => one.id === id)?.name ?? id ?? ''
}

export type Verdict = Schemas['Verdict']

/** How the calls of a time meet the standards. */
export function useStandards(question: () => Question) {
  return useQuery({
    key: () => ['reports', 'standards', question().since, question().until],
    query: () => data(api.GET('/api/v1/reports/standards', { params: { query: { since: question().since, until: question().until, by: 'whole' } } })),
    staleTime: MINUTE_MS / 4,
  })
}
