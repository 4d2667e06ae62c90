import { computed, type ComputedRef } from 'vue'
import { inLanguage } from '@/shared/i18n/i18n'
import { useQueues } from '../queries'

/** Return a queue's name in the page's language. */
export function useQueueTitle(name: () => string | null): ComputedRef<string> {
  const queues = useQueues()
  return computed(() => {
    const found = queues.data.value?.find((queue) => queue.name === name())
    return found === undefined ? (name() ?? '') : inLanguage({ zh: found.title_zh, en: found.title_en })
  })
}
