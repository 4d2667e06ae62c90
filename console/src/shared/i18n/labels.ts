import { useQuery } from '@pinia/colada'
import { computed, type ComputedRef } from 'vue'
import { api, data, type Schemas } from '@/shared/api/client'
import { inLanguage } from './i18n'

type Groups = Schemas['LabelsView']['groups']

function useAllLabels() {
  return useQuery({ key: ['labels'], query: () => data(api.GET('/api/v1/labels')), staleTime: Number.POSITIVE_INFINITY })
}

/** Values of one of the service's types with their names, for a choice among them. */
export function useGroup(group: () => string | undefined): ComputedRef<{ value: string; label: string }[]> {
  const labels = useAllLabels()
  return computed(() => {
    const values = labels.data.value?.groups[group() ?? ''] ?? {}
    return Object.entries(values).map(([value, words]) => ({ value, label: inLanguage(words) }))
  })
}

/** Return a function that names a value of the service's types, such as `label('TicketStatus', 'signed')`. */
export function useLabels(): (group: string, value: string | null | undefined) => string {
  const labels = useAllLabels()
  return (group, value) => {
    if (value === null || value === undefined) return ''
    const groups: Groups | undefined = labels.data.value?.groups
    const words = groups?.[group]?.[value]
    return words === undefined ? value : inLanguage(words)
  }
}
