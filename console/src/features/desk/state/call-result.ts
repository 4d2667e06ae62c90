import { computed, ref, watch } from 'vue'
import { useI18n } from 'vue-i18n'
import { ApiProblem, NETWORK } from '@/shared/api/problems'
import { inLanguage } from '@/shared/i18n/i18n'
import { useProblemText } from '@/shared/i18n/problems'
import { useDesk } from '@/shared/socket/desk'
import { useToasts } from '@/shared/ui/toasts'
import { useForms } from '@/shared/filing/tickets'
import { storeResult, useQueues } from '../queries'
import { fieldsOf, pathTo } from './results'
import type { Answer } from './draft'
import { useTicketDraft } from './ticket-draft'

/** A filed ticket is the call's result, until the agent says otherwise; a call that was taken away has no result yet. */
const FILED = 'filed'

/** Result of the call: chosen, filled in where it asks for something, and stored. */
export function useCallResult(callId: () => string, queue: () => string) {
  const [queues, forms, work, desk, toasts, problemText] = [useQueues(), useForms(), useTicketDraft(), useDesk(), useToasts(), useProblemText()]
  const { t } = useI18n()
  const busy = ref(false)
  const problem = ref<unknown>(null)
  const settings = computed(() => queues.data.value?.find((one) => one.name === queue()))
  const choices = computed(() => settings.value?.dispositions ?? [])
  /** What the agent has in hand: it may still ask for something. */
  const code = computed(() => work.draft.picked?.code ?? work.draft.result)
  const picked = computed(() => pathTo(choices.value, code.value).at(-1))
  const fields = computed(() => fieldsOf(picked.value, forms.data.value ?? []))
  const answers = computed<Record<string, Answer>>({
    get: () => work.draft.picked?.answers ?? {},
    set: (given) => (work.draft.picked = { code: code.value ?? '', answers: given }),
  })
  const wrong = (field: string) => (problem.value instanceof ApiProblem ? problem.value.rule(field) : '')
  /** Facts that the service has: later words are not stored yet. */
  const kept = ref(JSON.stringify(answers.value))
  const unsent = computed(() => work.draft.picked !== null && (work.draft.picked.code !== work.draft.result || JSON.stringify(answers.value) !== kept.value))
  /** Result that is stored as it stands here. */
  const stored = computed(() => (code.value !== null && code.value === work.draft.result && !unsent.value ? picked.value : undefined))

  let underway: Promise<boolean> = Promise.resolve(true)

  /** One write at a time. */
  function store(): Promise<boolean> {
    if (code.value === null || busy.value) return Promise.resolve(false)
    return (underway = write(code.value))
  }

  async function write(given: string): Promise<boolean> {
    const [call, facts] = [callId(), JSON.stringify(answers.value)]
    busy.value = true
    problem.value = null
    try {
      await storeResult(call, given, answers.value)
      if (work.callId === call) [work.draft.result, kept.value] = [given, facts]
      return true
    } catch (refusal) {
      problem.value = refusal
      const refused = fields.value.filter((field) => wrong(`form.${field.name}`) !== '').map((field) => `${inLanguage(field)} (${wrong(`form.${field.name}`)})`)
      toasts.say(refused.length > 0 ? t('wrap_up.lacks', { fields: refused.join(t('wrap_up.and')) }) : problemText(refusal), 'warning')
      return false
    } finally {
      busy.value = false
    }
  }

  /** Store what is in hand, so that the wrap-up can end; say what is missing where it cannot. */
  async function complete(): Promise<boolean> {
    // The proposed result may be on its way: the key that ends the wrap-up waits for it.
    await underway
    if (unsent.value) return store()
    if (settings.value?.disposition_required !== true || code.value !== null) return true
    toasts.say(t('desk.refused.disposition-needed'), 'warning')
    return false
  }

  async function choose(chosen: string): Promise<void> {
    const before = work.draft.picked
    work.draft.picked = { code: chosen, answers: before?.code === chosen ? before.answers : {} }
    problem.value = null
    // One that asks for nothing is stored by the click. What did not get through, as from a page that goes, is still in hand.
    if (fields.value.length > 0 || (await store())) return
    if (!(problem.value instanceof ApiProblem && problem.value.slug === NETWORK)) work.draft.picked = before
  }

  const proposed = computed(
    () => desk.handedOver !== callId() && work.draft.filed !== null && code.value === null && pathTo(choices.value, FILED).length > 0,
  )
  watch(
    proposed,
    (now) => {
      if (now) void choose(FILED)
    },
    { immediate: true },
  )

  return { settings, choices, code, picked, fields, answers, busy, unsent, stored, wrong, choose, complete, store }
}
