import { useQuery } from '@pinia/colada'
import { computed, type ComputedRef } from 'vue'
import { api, data, type Schemas } from '@/shared/api/client'
import { i18n, inLanguage } from './i18n'

type Groups = Schemas['LabelsView']['groups']

function useAllLabels() {
  return useQuery({ key: ['labels'], query: () => data(api.GET('/api/v1/labels')), staleTime: Number.POSITIVE_INFINITY })
}

const shown = (words: Schemas['Label']) => {
  const text = inLanguage(words)
  return i18n.global.locale.value === 'en' ? text.charAt(0).toUpperCase() + text.slice(1) : text
}

/** Values of one of the service's types with their names, for a choice among them. */
export function useGroup(group: () => string | undefined): ComputedRef<{ value: string; label: string }[]> {
  const labels = useAllLabels()
  return computed(() => {
    const values = labels.data.value?.groups[group() ?? ''] ?? {}
    return Object.entries(values).map(([value, words]) => ({ value, label: shown(words) }))
  })
}

/** Return a function that names a value of the service's types, such as `label('TicketStatus', 'signed')`. */
export function useLabels(): (group: string, value: string | null | undefined) => string {
  const labels = useAllLabels()
  return (group, value) => {
    if (value === null || value === undefined) return ''
    const groups: Groups | undefined = labels.data.value?.groups
    const words = groups?.[group]?.[value]
    return words === undefined ? value : shown(words)
  }
}
