import { nextTick, ref, type Ref } from 'vue'
import { onceKey } from '@/shared/api/client'
import { ApiProblem } from '@/shared/api/problems'
import { asReport, rememberSent, useDraft } from './draft'
import { sendReport, type Receipt } from './queries'

/** A report from its first word to its receipt. */
export function useReport(form: Readonly<Ref<HTMLElement | null>>) {
  const { draft, clear } = useDraft()
  const busy = ref(false)
  const problem = ref<unknown>(null)
  const receipt = ref<Receipt | null>(null)

  async function send(): Promise<void> {
    busy.value = true
    problem.value = null
    try {
      const sent = await sendReport(asReport(draft, Date.now()), draft.key)
      rememberSent({ number: sent.number, subject: draft.subject })
      receipt.value = sent
      clear()
    } catch (refusal) {
      // A report that was sent and then changed is another one. Its photos carry the first one's key.
      if (refusal instanceof ApiProblem && refusal.slug === 'idempotency-key-reused') Object.assign(draft, { key: onceKey(), photos: [] })
      problem.value = refusal
      await nextTick()
      form.value?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus()
    } finally {
      busy.value = false
    }
  }

  /** Return what is wrong with a field. */
  const wrong = (field: string) => (problem.value instanceof ApiProblem ? problem.value.rule(field) : '')
  return { draft, clear, busy, problem, receipt, send, wrong }
}
