import { useQuery } from '@pinia/colada'
import { toValue, type MaybeRefOrGetter } from 'vue'
import { api, data, type Schemas } from '@/shared/api/client'
import type { operations } from '@/shared/api/schema'
import type { Period } from './periods'
import type { Group, Question, Report } from './reports'

const MINUTE_MS = 60_000

function asked(question: Question, { since, until }: Period): Promise<Report> {
  const { by, within_s, short_s } = question
  const times = { since, until, by }
  if (question.of === 'calls') {
    const group = question.group as Extract<Group, 'none' | 'queue' | 'agent' | 'team' | 'access_number'>
    return data(api.GET('/api/v1/reports/calls', { params: { query: { ...times, group, within_s, short_s } } }))
  }
  if (question.of === 'flows') return data(api.GET('/api/v1/reports/flows', { params: { query: times } }))
  if (question.of === 'agents') return data(api.GET('/api/v1/reports/agents', { params: { query: { ...times, group: question.group as Extract<Group, 'agent' | 'team'> } } }))
  if (question.of === 'callbacks') return data(api.GET('/api/v1/reports/callbacks', { params: { query: { ...times, group: question.group as Extract<Group, 'none' | 'queue'> } } }))
  if (question.of === 'results') return data(api.GET('/api/v1/reports/results', { params: { query: { ...times, group: question.group as Extract<Group, 'none' | 'queue'> } } }))
  if (question.of === 'rescue') return data(api.GET('/api/v1/reports/rescue', { params: { query: { ...times, group: question.group as Extract<Group, 'none' | 'queue' | 'reason'> } } }))
  const group = question.group as Extract<Group, 'none' | 'kind' | 'channel' | 'category' | 'area' | 'department'>
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
  return `/api/v1/reports/${of}.${kind}?${new URLSearchParams({ since, until, by, ...(of === 'flows' ? {} : { group }), ...limits, language }).toString()}`
}

/** Queues, for their names in the page's language. */
export function useQueues() {
  return useQuery({ key: ['queues'], query: () => data(api.GET('/api/v1/queues')), staleTime: MINUTE_MS })
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

/** Staff, as everyone sees them. */
export function usePeople() {
  return useQuery({ key: ['people'], query: () => data(api.GET('/api/v1/people')), staleTime: MINUTE_MS })
}

/** Names of staff by id. */
export function usePeopleNames() {
  const found = usePeople()
  return (id: string | null | undefined): string => found.data.value?.find((one) => one.id === id)?.name ?? id ?? ''
}

export type Verdict = Schemas['Verdict']
export type ConfiguredVerdict = Schemas['ConfiguredVerdict']

/** How the calls of a time meet the standards. */
export function useStandards(question: () => Question) {
  return useQuery({
    key: () => ['reports', 'standards', question().since, question().until],
    query: () => data(api.GET('/api/v1/reports/standards', { params: { query: { since: question().since, until: question().until, by: 'whole' } } })),
    staleTime: MINUTE_MS / 4,
  })
}

/** How flows and queues meet the standards. */
export function useConfiguredStandards() {
  return useQuery({ key: ['reports', 'configured-standards'], query: () => data(api.GET('/api/v1/reports/configured-standards')), staleTime: MINUTE_MS })
}
