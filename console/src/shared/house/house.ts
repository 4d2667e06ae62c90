import { useQuery } from '@pinia/colada'
import { computed, type ComputedRef } from 'vue'
import { api, data } from '@/shared/api/client'
import { inLanguage } from '@/shared/i18n/i18n'

const HOUR_MS = 3_600_000
/** What seldom changes is there when the next page needs it. */
const SELDOM = { staleTime: HOUR_MS, gcTime: HOUR_MS }

interface TwoNames {
  name: string
  name_en: string
}

/** Return the name in the page's language; Chinese where there is no English one. */
export const nameOf = (one: TwoNames): string => inLanguage({ zh: one.name, en: one.name_en || one.name })

function named<One extends TwoNames>(found: ComputedRef<readonly One[] | undefined>) {
  return computed(() => found.value?.map((one) => ({ ...one, name: nameOf(one) })))
}

/** Departments, each by its name in the page's language. */
export function useDepartments(enabled: () => boolean = () => true) {
  const found = useQuery({ key: ['departments'], query: () => data(api.GET('/api/v1/departments')), enabled, ...SELDOM })
  return { ...found, data: named(computed(() => found.data.value)) }
}

/** Causes, each by its name in the page's language. */
export function useCategories() {
  const found = useQuery({ key: ['categories'], query: () => data(api.GET('/api/v1/categories')), ...SELDOM })
  return { ...found, data: named(computed(() => found.data.value)) }
}

/** Names of departments and causes by their ids. */
export function useNames(): (id: string | null | undefined) => string {
  const [departments, categories] = [useDepartments(), useCategories()]
  const all = computed(() => new Map([...(departments.data.value ?? []), ...(categories.data.value ?? [])].map((one) => [one.id, one.name])))
  return (id) => (id ? (all.value.get(id) ?? '') : '')
}
