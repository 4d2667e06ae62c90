import { useQuery } from '@pinia/colada'
import { toValue, type MaybeRefOrGetter } from 'vue'
import { api, data } from '@/shared/api/client'

/** Customers by a part of name, address, account or telephone; nothing for a text that is shorter than `least`. */
export function useCustomersLike(text: MaybeRefOrGetter<string>, least = 2) {
  return useQuery({
    key: () => ['customers', 'like', toValue(text)],
    query: () => data(api.GET('/api/v1/customers', { params: { query: { text: toValue(text) } } })),
    enabled: () => toValue(text).length >= least,
  })
}
