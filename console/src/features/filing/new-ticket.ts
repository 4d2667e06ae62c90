import { nextTick, reactive, ref, watch, type Ref } from 'vue'
import { onceKey, type Schemas } from '@/shared/api/client'
import { ApiProblem } from '@/shared/api/problems'
import { useI18n } from 'vue-i18n'
import { spoken } from '@/shared/ui/numbers'
import { fileTicket } from '@/shared/filing/tickets'
import { customerOf } from './queries'

const FILLED = ['name', 'address', 'area', 'number'] as const
type Answer = string | number | boolean | null

/** A report that came by letter, by e-mail, to the counter, or in a call that has no desk. */
export interface NewTicket {
  channel: Schemas['Channel']
  kind: Schemas['TicketKind']
  subject: string
  description: string
  category_id: string | null
  urgency: Schemas['Urgency']
  address: string
  area: string
  name: string
  number: string
  customer_id: string | null
  form: Record<string, Answer>
  call_id: string | null
  /** What the chosen customer filled in: it goes with that customer. */
  filled: Record<(typeof FILLED)[number], string>
  /** Sent with the ticket, so that a second try files it once. */
  key: string
}

/** What the page is opened with: the call that it is about, and who is known of it. */
export interface Given {
  call?: string | undefined
  number?: string | undefined
  customer?: string | undefined
}

const PLACE = 'hotline.new_ticket'
/** Those on which a member of staff takes reports that no desk has. */
export const CHANNELS = ['counter', 'letter', 'fax', 'email', 'phone'] as const

function blank(given: Given): NewTicket {
  return {
    channel: given.call === undefined ? 'counter' : 'phone', kind: 'consultation', subject: '', description: '', category_id: null, urgency: 'normal',
    address: '', area: '', name: '', number: spoken(given.number ?? ''), customer_id: null, form: {}, call_id: given.call ?? null,
    filled: { name: '', address: '', area: '', number: '' }, key: onceKey(),
  }
}

/** Return the words that were typed before; none of another call's. */
function kept(given: Given): NewTicket | null {
  try {
    const stored = JSON.parse(localStorage.getItem(PLACE) ?? 'null') as NewTicket | null
    return stored !== null && (given.call === undefined || stored.call_id === given.call) ? stored : null
  } catch {
    return null
  }
}

/** Return the ticket as the service takes it. */
export function asTicket(draft: NewTicket): Schemas['FileTicket'] {
  const { key: _, filled: __, name, number, customer_id, form, ...rest } = draft
  const answers = Object.fromEntries(Object.entries(form).filter(([, answer]) => answer !== null && answer !== ''))
  return { ...rest, form: answers, number_typed: true, reporter: { customer_id, name: name.trim(), number: number.trim() === '' ? null : number.trim() } }
}

/** File a ticket that no call on a desk is about; what was typed stays through reloads until it is filed. */
export function useNewTicket(given: Given, form: Ref<HTMLElement | null>, required: () => readonly string[], filed: (ticket: { id: string; number: string }) => void) {
  const { t } = useI18n()
  const draft = reactive<NewTicket>(kept(given) ?? blank(given))
  const [busy, waits, problem, missing] = [ref(false), ref(false), ref<unknown>(null), ref(false)]
  watch(draft, () => localStorage.setItem(PLACE, JSON.stringify(draft)))

  /** Return the fields that must be filled in and are not: all are named at once. */
  function empty(): string[] {
    const unanswered = required().filter((name) => draft.form[name] == null || draft.form[name] === '')
    return [...(draft.subject.trim() === '' ? ['subject'] : []), ...unanswered.map((name) => `form.${name}`)]
  }

  function wrong(field: string): string {
    if (missing.value && empty().includes(field)) return t('shared.rule.required')
    return problem.value instanceof ApiProblem ? problem.value.rule(field) : ''
  }

  async function show(): Promise<void> {
    await nextTick()
    form.value?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus()
  }

  /** Take a customer's facts where nothing else was typed, also instead of another customer's; null: the reporter is another person. */
  async function mean(customerId: string | null): Promise<void> {
    const found = customerId === null ? null : await customerOf(customerId)
    const facts = { name: found?.name ?? '', address: found?.address ?? '', area: found?.area ?? '', number: spoken(found?.phones.find((one) => one.current)?.number ?? '') }
    draft.customer_id = customerId
    for (const field of FILLED) if (draft[field] === '' || draft[field] === draft.filled[field]) draft[field] = facts[field]
    draft.filled = facts
  }

  async function file(): Promise<void> {
    if (busy.value) return
    missing.value = empty().length > 0
    if (missing.value) return show()
    busy.value = true
    problem.value = null
    try {
      const answer = await fileTicket(asTicket(draft), draft.key)
      waits.value = 'deferred_id' in answer
      if ('deferred_id' in answer) return
      Object.assign(draft, blank({}))
      await nextTick()
      localStorage.removeItem(PLACE)
      filed(answer)
    } catch (refusal) {
      problem.value = refusal
      await show()
    } finally {
      busy.value = false
    }
  }

  if (given.customer !== undefined && draft.customer_id === null) void mean(given.customer)
  return { draft, busy, waits, problem, wrong, mean, file }
}
