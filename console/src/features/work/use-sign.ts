import { useQueryCache } from '@pinia/colada'
import { ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { carryOut, onceKey } from '@/shared/api/client'
import { useProblemText } from '@/shared/i18n/problems'
import { useToasts } from '@/shared/ui/toasts'
import type { Row } from './work'

/** Sign for several tickets, each with its own result. */
export function useSign() {
  const { t } = useI18n()
  const [cache, toasts, problemText] = [useQueryCache(), useToasts(), useProblemText()]
  const busy = ref(false)
  const refused = ref<{ number: string; words: string }[]>([])

  async function sign(rows: readonly Row[]): Promise<void> {
    busy.value = true
    refused.value = []
    let done = 0
    for (const row of rows) {
      try {
        await carryOut({ method: 'POST', path: `/api/v1/tickets/${row.id}/sign` }, { version: row.version }, onceKey())
        done += 1
      } catch (problem) {
        refused.value = [...refused.value, { number: row.number, words: problemText(problem) }]
      }
    }
    busy.value = false
    if (done > 0) toasts.say(t('work.signed', { n: done }), 'good')
    await cache.invalidateQueries({ key: ['tickets'] })
  }

  return { sign, busy, refused }
}
