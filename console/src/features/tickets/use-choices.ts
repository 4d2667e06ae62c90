import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import { useCategories, useDepartments, useNames } from '@/shared/house/house'
import { useGroup } from '@/shared/i18n/labels'
import { useSession } from '@/shared/session/session'
import type { ActionField } from './actions'
import { usePeopleOf, useWindows, type TicketDetail } from './queries'

/** What a field of an action may be, where there is a choice; and what is said where nothing is left to choose. */
export function useChoices(of: () => { field: ActionField; department: string; ticket: TicketDetail }) {
  const { t, d } = useI18n()
  const [departments, categories, session, named] = [useDepartments(), useCategories(), useSession(), useNames()]
  const field = computed(() => of().field)
  const group = useGroup(() => field.value.group)
  const people = usePeopleOf(() => (field.value.control === 'person' ? of().department : ''))
  const visiting = computed(() => (of().department || of().ticket.department_id) ?? session.who?.department_id ?? '')
  const windows = useWindows(() => (field.value.control === 'window' ? visiting.value : ''), () => of().ticket.urgency !== 'normal')

  const choices = computed(() => {
    switch (field.value.control) {
      case 'department':
        return (departments.data.value ?? []).filter((one) => one.active).map((one) => ({ value: one.id, label: one.name }))
      case 'category':
        return (categories.data.value ?? []).filter((one) => one.active && one.fits.includes(of().ticket.kind)).map((one) => ({ value: one.id, label: one.name }))
      case 'person':
        return (people.data.value ?? []).map((one) => ({ value: one.id, label: `${one.name} ${one.staff_number}` }))
      case 'window':
        return (windows.data.value ?? []).filter((one) => one.free > 0).map((one) => ({ value: one.visit_from, label: t('tickets.window', { from: d(one.visit_from, 'visit'), until: d(one.visit_until, 'clock'), n: one.free }) }))
      case 'choice':
        return group.value
      default:
        return null
    }
  })

  const none = computed(() => {
    if (field.value.control !== 'window' || choices.value?.length !== 0) return ''
    if (visiting.value === '') return t('tickets.no_windows_yet')
    return windows.data.value === undefined ? '' : t('tickets.no_windows', { department: named(visiting.value) })
  })

  return { choices, none }
}
