import { useQuery } from '@pinia/colada'
import { toValue, type MaybeRefOrGetter } from 'vue'
import { api, data } from '@/shared/api/client'

const MINUTE_MS = 60_000

/** Departments for a cause in an area, likeliest first; without a cause there are none. */
export function useProposals(category: MaybeRefOrGetter<string | null | undefined>, area: MaybeRefOrGetter<string>, enabled: () => boolean = () => true) {
  return useQuery({
    key: () => ['proposals', toValue(category) ?? '', toValue(area)],
    query: () => data(api.GET('/api/v1/department-proposals', { params: { query: { category_id: toValue(category) ?? '', area: toValue(area) } } })),
    enabled: () => enabled() && Boolean(toValue(category)),
    staleTime: MINUTE_MS,
  })
}
