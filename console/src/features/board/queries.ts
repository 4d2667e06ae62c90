import { useQuery } from '@pinia/colada'
import { computed } from 'vue'
import { api, data } from '@/shared/api/client'
import { inLanguage } from '@/shared/i18n/i18n'

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
