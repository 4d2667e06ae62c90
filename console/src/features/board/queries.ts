import { useMutation, useQuery } from '@pinia/colada'
import { computed } from 'vue'
import { api, data, type Schemas } from '@/shared/api/client'
import { inLanguage } from '@/shared/i18n/i18n'
import type { Order } from './board'

/** Return a function that names a queue in the page's language. */
export function useQueueNames(): (queue: string) => string {
  const queues = useQuery({ key: ['queues'], query: () => data(api.GET('/api/v1/queues')), staleTime: 60_000 })
  return (name) => {
    const found = queues.data.value?.find((queue) => queue.name === name)
    return found === undefined ? name : inLanguage({ zh: found.title_zh, en: found.title_en })
  }
}

/** How often the board's figures are counted: the last minutes move on by themselves. */
export const FIGURES_EVERY_MS = 10_000

/** Figures of queues in the last minutes and today, by the definitions of the reports. */
export function useFiguresNow() {
  const now = useQuery({ key: ['reports', 'now'], query: () => data(api.GET('/api/v1/reports/now')), staleTime: FIGURES_EVERY_MS })
  const definitions = useQuery({ key: ['figure-definitions'], query: () => data(api.GET('/api/v1/figure-definitions')), staleTime: Number.POSITIVE_INFINITY })
  const callers = useQuery({
    key: ['missed-callers', false],
    query: () => data(api.GET('/api/v1/missed-callers', { params: { query: { mine: false } } })),
    staleTime: FIGURES_EVERY_MS,
  })
  const formula = computed(() => {
    const found = definitions.data.value?.calls.find((figure) => figure.name === now.data.value?.level)
    return found === undefined ? '' : `${inLanguage(found)} = ${inLanguage({ zh: found.formula_zh, en: found.formula_en })}`
  })
  return {
    formula,
    minutes: computed(() => now.data.value?.minutes ?? 30),
    withinS: computed(() => now.data.value?.within_s ?? 20),
    of: (queue: string) => now.data.value?.queues.find((one) => one.queue === queue),
    missed: (queue: string) => (callers.data.value ?? []).filter((caller) => caller.queue === queue).length,
    refetch: async () => void (await Promise.all([now.refetch(), callers.refetch()])),
  }
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

export type AgentOrder = { agent_id: string; kind: 'ready' | 'not_ready' | 'sign_out' | 'queues'; queues: string[]; reason: string }

function changed({ agent_id, kind, queues, reason }: AgentOrder): Promise<Schemas['AgentView']> {
  const params = { path: { agent_id } }
  if (kind === 'sign_out') return data(api.POST('/api/v1/agents/{agent_id}/sign-out', { params, body: { reason } }))
  if (kind === 'queues') return data(api.PUT('/api/v1/agents/{agent_id}/queues', { params, body: { queues, reason } }))
  return data(api.POST('/api/v1/agents/{agent_id}/state', { params, body: { state: kind, reason } }))
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
