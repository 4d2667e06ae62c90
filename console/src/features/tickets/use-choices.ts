import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import { useCategories, useDepartments } from '@/shared/house/house'
import { useProposals } from '@/shared/house/proposals'
import { useGroup } from '@/shared/i18n/labels'
import { useSession } from '@/shared/session/session'
import type { ActionField } from './actions'
import { useWindows } from '@/shared/visits/windows'
import { usePeopleOf, type TicketDetail } from './queries'

/** What a field of an action may be, where there is a choice; and what is said where nothing is left to choose. */
export function useChoices(of: () => { field: ActionField; department: string; ticket: TicketDetail }) {
  const { t } = useI18n()
  const [departments, categories, session] = [useDepartments(), useCategories(), useSession()]
  const field = computed(() => of().field)
  const group = useGroup(() => field.value.group)
  const people = usePeopleOf(() => (field.value.control === 'person' ? of().department : ''))
  const visiting = computed(() => (of().department || of().ticket.department_id) ?? (session.role === 'department' ? session.who?.department_id : null) ?? '')
  const windows = useWindows(() => (field.value.control === 'window' ? visiting.value : ''), () => of().ticket.urgency)

  const proposals = useProposals(() => of().ticket.category_id, () => of().ticket.area, () => field.value.control === 'department' && session.role !== 'department')
  /** The likeliest departments for the cause in the area stand first, and say so. */
  function proposedFirst(active: readonly { id: string; name: string }[]) {
    const places = new Map((proposals.data.value ?? []).map((one, place) => [one.department_id, place]))
    const placeOf = (one: { id: string }) => places.get(one.id) ?? places.size
    return active.toSorted((one, other) => placeOf(one) - placeOf(other)).map((one) => ({ value: one.id, label: places.has(one.id) ? t('tickets.proposed', { name: one.name }) : one.name }))
  }

  const choices = computed(() => {
    switch (field.value.control) {
      case 'department':
        return proposedFirst((departments.data.value ?? []).filter((one) => one.active))
      case 'category':
        return (categories.data.value ?? []).filter((one) => one.active && one.fits.includes(of().ticket.kind)).map((one) => ({ value: one.id, label: one.name }))
      case 'person':
        return (people.data.value ?? []).map((one) => ({ value: one.id, label: `${one.name} ${one.staff_number}` }))
      case 'window':
        return windows.choices.value
      case 'choice':
        return group.value
      default:
        return null
    }
  })

  const none = computed(() => (field.value.control === 'window' ? windows.none.value : ''))

  return { choices, none }
}
