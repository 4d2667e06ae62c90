import { useQuery } from '@pinia/colada'
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
