import { useMutation, useQuery } from '@pinia/colada'
import { computed, onScopeDispose } from 'vue'
import { api, data, type Schemas } from '@/shared/api/client'
import { inLanguage } from '@/shared/i18n/i18n'
import { useDesk } from '@/shared/socket/desk'
import type { Order } from './board'

/** Return a function that names a queue in the page's language. */
export function useQueueNames(): (queue: string) => string {
  const queues = useQuery({ key: ['queues'], query: () => data(api.GET('/api/v1/queues')), staleTime: 60_000 })
  return (name) => {
    const found = queues.data.value?.find((queue) => queue.name === name)
    return found === undefined ? name : inLanguage({ zh: found.title_zh, en: found.title_en })
  }
}

const OPENING_MS = 30_000

/** Return a function that tells whether a queue is closed at this hour. */
export function useClosedQueues(): (queue: string) => boolean {
  const queues = useQuery({ key: ['queues'], query: () => data(api.GET('/api/v1/queues')), staleTime: 60_000 })
  // No message says that an hour has come.
  const timer = setInterval(() => void queues.refetch(), OPENING_MS)
  onScopeDispose(() => clearInterval(timer))
  return (name) => queues.data.value?.find((queue) => queue.name === name)?.open === false
}

/** A customer on the line, as this role sees the data. */
export function useCustomer(id: () => string | null) {
  return useQuery({
    key: () => ['board-customer', id()],
    enabled: () => id() !== null,
    query: () => data(api.GET('/api/v1/customers/{customer_id}', { params: { path: { customer_id: id() ?? '' } } })),
    staleTime: 60_000,
  })
}

/** Figures of queues in the last minutes and today, as the service pushes them; the formula has a name. */
export function useFiguresNow() {
  const desk = useDesk()
  const definitions = useQuery({ key: ['figure-definitions'], query: () => data(api.GET('/api/v1/figure-definitions')), staleTime: Number.POSITIVE_INFINITY })
  const formula = computed(() => {
    const found = definitions.data.value?.calls.find((figure) => figure.name === desk.figures?.level)
    return found === undefined ? '' : `${inLanguage(found)} = ${inLanguage({ zh: found.formula_zh, en: found.formula_en })}`
  })
  return {
    formula,
    minutes: computed(() => desk.figures?.minutes ?? 30),
    withinS: computed(() => desk.figures?.within_s ?? 20),
    of: (queue: string) => desk.figures?.queues.find((one) => one.queue === queue),
  }
}

/** Thresholds of queues, and what broke them. */
export function useThresholds() {
  const thresholds = useQuery({ key: ['queue-thresholds'], query: () => data(api.GET('/api/v1/queue-thresholds')) })
  const history = useQuery({ key: ['queue-alerts'], query: () => data(api.GET('/api/v1/queue-alerts', { params: { query: { limit: 50 } } })) })
  const set = useMutation({
    mutation: (body: Schemas['ThresholdInput']) => data(api.PUT('/api/v1/queue-thresholds', { body })),
    onSettled: async () => void (await thresholds.refetch()),
  })
  const remove = useMutation({
    mutation: (threshold_id: string) => data(api.DELETE('/api/v1/queue-thresholds/{threshold_id}', { params: { path: { threshold_id } } })),
    onSettled: async () => void (await thresholds.refetch()),
  })
  return { thresholds, history, set, remove }
}

const call = (call_id: string) => ({ params: { path: { call_id } } })

/** Send an order about a call. */
function ordered(id: string, order: Order): Promise<Schemas['LiveCallView']> {
  switch (order) {
    case 'listen':
      return data(api.POST('/api/v1/live-calls/{call_id}/listen', call(id)))
    case 'whisper':
      return data(api.POST('/api/v1/live-calls/{call_id}/whisper', call(id)))
    case 'barge':
      return data(api.POST('/api/v1/live-calls/{call_id}/barge', call(id)))
    case 'take-over':
      return data(api.POST('/api/v1/live-calls/{call_id}/take-over', call(id)))
    case 'leave':
      return data(api.POST('/api/v1/live-calls/{call_id}/leave', call(id)))
    case 'pull':
      return data(api.POST('/api/v1/live-calls/{call_id}/pull', call(id)))
  }
}

export type AgentOrder = { agent_id: string; kind: 'ready' | 'not_ready' | 'sign_out' | 'queues'; queues: string[]; skills?: Readonly<Record<string, number>>; pause?: string; reason: string }

/** Accounts with their skills. */
export function useAccounts(enabled: () => boolean) {
  return useQuery({ key: ['staff'], enabled, query: () => data(api.GET('/api/v1/staff')) })
}

function changed({ agent_id, kind, queues, skills, pause, reason }: AgentOrder): Promise<Schemas['AgentView']> {
  const params = { path: { agent_id } }
  if (kind === 'sign_out') return data(api.POST('/api/v1/agents/{agent_id}/sign-out', { params, body: { reason } }))
  if (kind === 'queues') return data(api.PUT('/api/v1/agents/{agent_id}/queues', { params, body: { queues, reason, ...(skills === undefined ? {} : { skills }) } }))
  return data(api.POST('/api/v1/agents/{agent_id}/state', { params, body: { state: kind, reason, ...(pause === undefined ? {} : { pause }) } }))
}

/** Orders of a supervisor: about a call, about an agent, about a caller who waits. */
export function useOrders() {
  const order = useMutation({ mutation: (asked: { id: string; order: Order }) => ordered(asked.id, asked.order) })
  const change = useMutation({ mutation: changed })
  const move = useMutation({
    mutation: (asked: { id: string; queue: string; reason: string }) =>
      data(api.POST('/api/v1/live-calls/{call_id}/move', { ...call(asked.id), body: { queue: asked.queue, reason: asked.reason } })),
  })
  return { order, change, move }
}
