import { ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { onceKey } from '@/shared/api/client'
import { ApiProblem } from '@/shared/api/problems'
import { useReadAgain } from '@/shared/api/reading'
import { useProblemText } from '@/shared/i18n/problems'
import { useKept } from '@/shared/kept/kept'
import { useSession } from '@/shared/session/session'
import { useToasts } from '@/shared/ui/toasts'
import '@/shared/ui/words/words'
import type { Row } from './work'

type Held = Pick<Row, 'id' | 'number' | 'version'>

/** Sign for several tickets, each with its own result: done, refused, or kept on the device until the network is back. */
export function useSign() {
  const { t } = useI18n()
  const [readAgain, toasts, problemText, kept, session] = [useReadAgain('tickets'), useToasts(), useProblemText(), useKept(), useSession()]
  const busy = ref(false)
  const refused = ref<string[]>([])

  /** One request for each ticket, under its own key: what got no answer is sent again as the same request. */
  const one = ({ id, number, version }: Held) =>
    kept.submit({
      key: onceKey(), body: { version }, values: {}, files: [], at: Date.now(), refusal: null,
      staffId: session.who?.staff_id ?? '', ticketId: id, ticketNumber: number, action: 'sign', path: `/api/v1/tickets/${encodeURIComponent(id)}/sign`,
    })

  async function sign(rows: readonly Held[]): Promise<void> {
    busy.value = true
    const outcomes = await Promise.allSettled(rows.map(one))
    refused.value = outcomes.flatMap((outcome, at) => {
      if (outcome.status === 'fulfilled') return []
      const problem: unknown = outcome.reason
      return [`${rows[at]?.number ?? ''}: ${problem instanceof ApiProblem && problem.status === 404 ? t('fields.gone') : problemText(problem)}`]
    })
    const count = (wanted: string) => outcomes.filter((outcome) => outcome.status === 'fulfilled' && outcome.value === wanted).length
    const [done, waits] = [count('done'), count('kept')]
    if (waits > 0) toasts.say(t('work.kept', { n: waits }), 'warning')
    else if (done > 0) toasts.say(t('work.signed', { n: done }), 'good')
    busy.value = false
    await readAgain()
  }

  return { sign, busy, refused }
}
