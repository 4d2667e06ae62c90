import { nextTick, ref, watch, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { ApiProblem } from '@/shared/api/problems'
import { useToasts } from '@/shared/ui/toasts'
import { spoken } from '@/shared/ui/numbers'
import { useDesk } from '@/shared/socket/desk'
import { fileTicket, isKept } from '@/shared/filing/tickets'
import type { FileTicket } from '../queries'
import type { TicketDraft } from './draft'
import { useTicketDraft } from './ticket-draft'

/** Return the draft as the service takes it; what is empty is left out. */
export function asTicket(draft: TicketDraft, callId: string, brought: string): FileTicket {
  const form = Object.fromEntries(Object.entries(draft.form).filter(([, answer]) => answer !== null && answer !== ''))
  const number = draft.number.trim()
  return {
    kind: draft.kind,
    subject: draft.subject.trim(),
    description: draft.description.trim(),
    category_id: draft.category_id,
    address: draft.address.trim(),
    area: draft.area.trim(),
    urgency: draft.urgency,
    form,
    call_id: callId,
    number_typed: number !== spoken(brought),
    reporter: { customer_id: draft.customer_id, number: number === '' ? null : number, name: draft.name.trim() },
  }
}

/** File the call's ticket; a refusal is shown at its fields, and the first of them gets the focus. */
export function useFiling(callId: () => string, form: Ref<HTMLElement | null>) {
  const { t } = useI18n()
  const [work, desk, toasts] = [useTicketDraft(), useDesk(), useToasts()]
  const busy = ref(false)
  const kept = ref(false)
  const problem = ref<unknown>(null)
  const missing = ref<string[]>([])

  // What was missing is there: the word at the field goes with the first letter.
  watch(
    () => work.draft.subject,
    (subject) => {
      if (subject.trim() !== '') missing.value = []
    },
  )

  function wrong(field: string): string {
    if (missing.value.includes(field)) return t('shared.rule.required')
    return problem.value instanceof ApiProblem ? problem.value.rule(field) : ''
  }

  async function show(): Promise<void> {
    await nextTick()
    form.value?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus()
  }

  async function file(): Promise<void> {
    if (busy.value || work.draft.filed !== null) return
    missing.value = work.draft.subject.trim() === '' ? ['subject'] : []
    if (missing.value.length > 0) return show()
    busy.value = true
    problem.value = null
    try {
      const answer = await fileTicket(asTicket(work.draft, callId(), desk.pop?.number?.display ?? ''), work.draft.key)
      kept.value = isKept(answer)
      if (!isKept(answer)) {
        work.draft.filed = { id: answer.id, number: answer.number }
        toasts.say(t('desk.filed_as', { number: answer.number }), 'good')
      }
    } catch (refusal) {
      problem.value = refusal
      await show()
    } finally {
      busy.value = false
    }
  }

  return { file, busy, problem, kept, wrong }
}
