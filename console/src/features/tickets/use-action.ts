import { useQueryCache } from '@pinia/colada'
import { reactive, ref, watch } from 'vue'
import { useI18n } from 'vue-i18n'
import { carryOut, onceKey } from '@/shared/api/client'
import { ApiProblem } from '@/shared/api/problems'
import { useLabels } from '@/shared/i18n/labels'
import { useToasts } from '@/shared/ui/toasts'
import { fieldsOf, initial, requestOf, type ActionField, type Offer } from './actions'
import { ticketId, type TicketDetail } from './queries'

const STORED = 'hotline.action.'

/** Carry out an action on a ticket; what was typed stays until it is done, through reloads and lost races. */
export function useAction(offer: () => Offer, ticket: () => TicketDetail) {
  const { t } = useI18n()
  const [cache, toasts, label] = [useQueryCache(), useToasts(), useLabels()]
  const place = `${STORED}${ticket().id}.${offer().action}`
  const stored = JSON.parse(localStorage.getItem(place) ?? '{}') as Record<string, string>
  const values = reactive<Record<string, string>>({ ...initial(offer(), ticket()), ...stored })
  const busy = ref(false)
  const problem = ref<unknown>(null)
  const missing = ref<string[]>([])
  const key = onceKey()

  watch(values, () => localStorage.setItem(place, JSON.stringify(values)))

  function wrong(field: ActionField): string {
    if (missing.value.includes(field.name)) return t('shared.rule.required')
    return problem.value instanceof ApiProblem ? problem.value.rule(field.name) : ''
  }

  /** Return whether the action was carried out; a refusal shows what the ticket is like now. */
  async function send(): Promise<boolean> {
    missing.value = fieldsOf(offer()).filter((field) => field.required && !values[field.name]?.trim()).map((field) => field.name)
    if (missing.value.length > 0) return false
    busy.value = true
    problem.value = null
    try {
      const request = requestOf(offer(), ticket(), values)
      if (typeof request['into'] === 'string') request['into'] = await ticketId(request['into'])
      await carryOut(offer(), request, key)
      localStorage.removeItem(place)
      toasts.say(t('tickets.done', { action: label('TicketAction', offer().action) }), 'good')
      return true
    } catch (refusal) {
      problem.value = refusal
      return false
    } finally {
      busy.value = false
      await cache.invalidateQueries({ key: ['tickets'] })
    }
  }

  return { values, send, busy, problem, wrong }
}
