import { useQuery } from '@pinia/colada'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { useI18n } from 'vue-i18n'
import '@/shared/words/words'
import { api, data, type Schemas } from '@/shared/api/client'
import { useNames } from '@/shared/house/house'

type Urgency = Schemas['Urgency']

/** Windows of a department that have a free place, as choices; and what is said where there is none. */
export function useWindows(department: MaybeRefOrGetter<string>, urgency: MaybeRefOrGetter<Urgency>) {
  const { t, d } = useI18n()
  const named = useNames()
  const urgent = () => toValue(urgency) !== 'normal'
  const windows = useQuery({
    key: () => ['windows', toValue(department), urgent()],
    query: () =>
      data(api.GET('/api/v1/departments/{department_id}/appointment-windows', { params: { path: { department_id: toValue(department) }, query: { urgent: urgent() } } })),
    enabled: () => toValue(department) !== '',
  })
  const choices = computed(() =>
    (windows.data.value ?? [])
      .filter((one) => one.free > 0)
      .map((one) => ({ value: one.visit_from, label: t('shared.visit.window', { from: d(one.visit_from, 'visit'), until: d(one.visit_until, 'clock'), n: one.free }) })),
  )
  const none = computed(() => {
    if (choices.value.length > 0) return ''
    if (toValue(department) === '') return t('shared.visit.no_department')
    return windows.data.value === undefined ? '' : t('shared.visit.none', { department: named(toValue(department)) })
  })
  return { choices, none, refetch: windows.refetch }
}
