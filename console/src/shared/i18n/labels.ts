import { useQuery } from '@pinia/colada'
import { api, data, type Schemas } from '@/shared/api/client'
import { i18n, inLanguage } from './i18n'

type Groups = Schemas['LabelsView']['groups']

/** Return a function that names a value of the service's types, such as `label('TicketStatus', 'signed')`. */
export function useLabels(): (group: string, value: string | null | undefined) => string {
  const labels = useQuery({
    key: ['labels'],
    query: () => data(api.GET('/api/v1/labels')),
    staleTime: Number.POSITIVE_INFINITY,
  })
  return (group, value) => {
    if (value === null || value === undefined) return ''
    const groups: Groups | undefined = labels.data.value?.groups
    const words = groups?.[group]?.[value]
    if (words === undefined) return value
    const text = inLanguage(words)
    return i18n.global.locale.value === 'en' ? text.charAt(0).toUpperCase() + text.slice(1) : text
  }
}
