import { reactive, ref, watch } from 'vue'
import { useI18n } from 'vue-i18n'
import { onceKey } from '@/shared/api/client'
import { ApiProblem } from '@/shared/api/problems'
import { useReadAgain } from '@/shared/api/reading'
import { useLabels } from '@/shared/i18n/labels'
import { useKept } from '@/shared/kept/kept'
import type { KeptFile } from '@/shared/kept/store'
import { useSession } from '@/shared/session/session'
import { useToasts } from '@/shared/ui/toasts'
import { fieldsOf, initial, requestOf, type ActionField, type Offer } from './actions'
import { ticketId, type LogView, type TicketDetail } from './queries'

const STORED = 'hotline.action.'

/** Carry out an action on a ticket; what was typed stays until it is done, through reloads and lost races. */
export function useAction(offer: () => Offer, ticket: () => TicketDetail) {
  const { t } = useI18n()
  const [readAgain, toasts, label, kept, session] = [useReadAgain('tickets'), useToasts(), useLabels(), useKept(), useSession()]
  const place = `${STORED}${ticket().id}.${offer().action}`
  const stored = JSON.parse(localStorage.getItem(place) ?? '{}') as Record<string, string>
  const values = reactive<Record<string, string>>({ ...initial(offer(), ticket()), ...stored })
  const busy = ref(false)
  const problem = ref<unknown>(null)
  const missing = ref<string[]>([])
  const files = ref<KeptFile[]>([])
  /** Version of the ticket that the person has seen while typing. */
  let seen = ticket().version
  const meanwhile = ref<LogView[]>([])
  let key = onceKey()

  watch(values, () => localStorage.setItem(place, JSON.stringify(values)))

  function wrong(field: ActionField): string {
    if (missing.value.includes(field.name)) return t('shared.rule.required')
    return problem.value instanceof ApiProblem ? problem.value.rule(field.name) : ''
  }

  /** Return whether the action was refused; `done` hears that it was carried out, or is kept until the network is back. */
  async function send(done: () => void): Promise<boolean> {
    missing.value = fieldsOf(offer()).filter((field) => field.required && !values[field.name]?.trim()).map((field) => field.name)
    if (missing.value.length > 0) return true
    busy.value = true
    problem.value = null
    try {
      const request = requestOf(offer(), ticket(), values)
      if (typeof request['into'] === 'string') request['into'] = await ticketId(request['into'])
      const outcome = await kept.submit({
        key, body: request, values: { ...values }, files: files.value.map((file) => ({ ...file })), at: Date.now(), refusal: null,
        staffId: session.who?.staff_id ?? '', ticketId: ticket().id, ticketNumber: ticket().number, action: offer().action, path: offer().path,
      })
      localStorage.removeItem(place)
      const words = { action: label('TicketAction', offer().action) }
      if (outcome === 'done') toasts.say(t('tickets.done', words), 'good')
      else toasts.say(t('tickets.kept', words), 'warning')
      // Before the ticket is read again: it has no such offer any more, and a form that is gone says nothing.
      done()
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
      meanwhile.value = ticket().log.filter((entry) => entry.version > seen)
      seen = ticket().version
    }
  }

  return { values, files, send, busy, problem, wrong, meanwhile }
}
