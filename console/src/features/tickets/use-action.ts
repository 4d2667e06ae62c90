import { reactive, ref, watch } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import { onceKey } from '@/shared/api/client'
import { ApiProblem } from '@/shared/api/problems'
import { useReadAgain } from '@/shared/api/reading'
import { useLabels } from '@/shared/i18n/labels'
import { dropDraft, keepDraft, readDraft } from '@/shared/kept/draft'
import { useKept } from '@/shared/kept/kept'
import type { KeptFile } from '@/shared/kept/store'
import { useSession } from '@/shared/session/session'
import { useToasts } from '@/shared/ui/toasts'
import { initial, neededFields, requestOf, typed, type ActionField, type Offer, type Seen } from './actions'
import { ticketId, type LogView, type TicketDetail } from './queries'

/** Takes the ticket out of the department: its page would only say that it is gone. */
const LEAVES = new Set(['refuse'])

/** Carry out an action on a ticket; what was typed stays until it is done, through reloads and lost races. */
export function useAction(offer: () => Offer, ticket: () => TicketDetail) {
  const { t } = useI18n()
  const [readAgain, toasts, label, kept, session] = [useReadAgain('tickets'), useToasts(), useLabels(), useKept(), useSession()]
  const [id, action] = [ticket().id, offer().action]
  const draft = readDraft(id, action)
  /** Fixed when the form opens: a page that reads the ticket again must not hide that another person changed it. */
  let seen: Seen = { version: draft?.version || ticket().version, values: initial(offer(), ticket()) }
  const values = reactive<Record<string, string>>({ ...seen.values, ...draft?.values })
  const router = useRouter()
  const busy = ref(false)
  const problem = ref<unknown>(null)
  const missing = ref<string[]>([])
  const files = ref<KeptFile[]>([])
  /** Photos that were chosen before the page was loaded again. */
  const lost = ref(draft?.photos ?? 0)
  const meanwhile = ref<LogView[]>([])
  let key = onceKey()

  watch([values, files], () => {
    const now = { version: seen.version, values: typed(seen, values), photos: files.value.length }
    if (now.photos === 0 && Object.keys(now.values).length === 0) dropDraft(id, action)
    else keepDraft(id, action, now)
  })

  /** Take what others changed into the fields that this person left alone. */
  function catchUp(): void {
    const now: Seen = { version: ticket().version, values: initial(offer(), ticket()) }
    const mine = typed(seen, values)
    meanwhile.value = ticket().log.filter((entry) => entry.version > seen.version)
    seen = now
    Object.assign(values, now.values, mine)
  }

  function wrong(field: ActionField): string {
    if (missing.value.includes(field.name)) return t('shared.rule.required')
    return problem.value instanceof ApiProblem ? problem.value.rule(field.name) : ''
  }

  /** Return whether the action was refused; `done` hears that it was carried out, or is kept until the network is back. */
  async function send(done: () => void): Promise<boolean> {
    missing.value = neededFields(offer(), ticket(), session.role).filter((field) => field.required && !values[field.name]?.trim()).map((field) => field.name)
    if (missing.value.length > 0) return true
    busy.value = true
    problem.value = null
    try {
      const request = requestOf(offer(), seen, values)
      if (typeof request['into'] === 'string') request['into'] = await ticketId(request['into'])
      const outcome = await kept.submit({
        key, body: request, values: typed(seen, values), files: files.value.map((file) => ({ ...file })), at: Date.now(), refusal: null,
        staffId: session.who?.staff_id ?? '', ticketId: ticket().id, ticketNumber: ticket().number, action: offer().action, path: offer().path,
      })
      dropDraft(id, action)
      const words = { action: label('TicketAction', offer().action) }
      if (outcome === 'done') toasts.say(t('tickets.done', words), 'good')
      else toasts.say(t('tickets.kept', words), 'warning')
      // Before the ticket is read again: it has no such offer any more, and a form that is gone says nothing.
      done()
      if (outcome === 'done' && LEAVES.has(action) && session.role === 'department') await router.push('/')
      return false
    } catch (refusal) {
      problem.value = refusal
      // What is sent next is another request: it names the ticket's new version.
      key = onceKey()
      return true
    } finally {
      busy.value = false
      // A ticket that went to another department is not found any more: its page says so.
      await readAgain()
      if (problem.value !== null) catchUp()
    }
  }

  return { values, files, lost, send, busy, problem, wrong, meanwhile }
}
