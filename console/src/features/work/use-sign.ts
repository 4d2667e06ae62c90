import { ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { ApiProblem } from '@/shared/api/problems'
import { useReadAgain } from '@/shared/api/reading'
import { several } from '@/shared/api/several'
import { useProblemText } from '@/shared/i18n/problems'
import { useToasts } from '@/shared/ui/toasts'
import '@/shared/ui/words/words'
import type { Row } from './work'

/** Sign for several tickets, each with its own result. */
export function useSign() {
  const { t } = useI18n()
  const [readAgain, toasts, problemText] = [useReadAgain('tickets'), useToasts(), useProblemText()]
  const busy = ref(false)
  const refused = ref<string[]>([])

  async function sign(rows: readonly Row[]): Promise<void> {
    busy.value = true
    refused.value = []
    try {
      const not = await several('sign', rows)
      refused.value = not.map(({ number, problem }) => `${number}: ${problem instanceof ApiProblem && problem.status === 404 ? t('fields.gone') : problemText(problem)}`)
      if (not.length < rows.length) toasts.say(t('work.signed', { n: rows.length - not.length }), 'good')
    } catch (problem) {
      refused.value = [problemText(problem)]
    } finally {
      busy.value = false
    }
    await readAgain()
  }

  return { sign, busy, refused }
}
