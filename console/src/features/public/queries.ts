import { useQuery } from '@pinia/colada'
import { watch } from 'vue'
import { api, data, type Schemas } from '@/shared/api/client'
import { useZone } from '@/shared/i18n/zone'

export type WebReport = Schemas['WebReport']
export type OfferedCategory = Schemas['OfferedCategory']
export type Progress = Schemas['Progress']
export type Receipt = Schemas['Receipt']
export type PublicVisit = Schemas['PublicVisit']

const LEAST_ADDRESS = 4
const HOUR_MS = 3_600_000

export function useOfferedForms() {
  return useQuery({ key: ['public', 'forms'], query: () => data(api.GET('/api/v1/public/forms')), staleTime: HOUR_MS })
}

/** The number of the hotline, empty until it is known. Times are of its zone from then on, wherever the browser stands. */
export function useHotline(): () => string {
  const found = useQuery({ key: ['public', 'hotline'], query: () => data(api.GET('/api/v1/public/hotline')), staleTime: HOUR_MS })
  watch(found.data, (known) => known !== undefined && useZone(known.time_zone), { immediate: true, flush: 'sync' })
  return () => found.data.value?.hotline ?? ''
}

export function useOfferedCategories() {
  return useQuery({ key: ['public', 'categories'], query: () => data(api.GET('/api/v1/public/categories')), staleTime: HOUR_MS })
}

/** Whether many people of the area reported this lately; asked once both cause and place are known. */
export function useKnownMatter(of: () => { categoryId: string | null; address: string }) {
  return useQuery({
    key: () => ['public', 'known-matter', of()],
    query: () => {
      const { categoryId, address } = of()
      if (categoryId === null) return Promise.resolve({ many: false })
      return data(api.POST('/api/v1/public/known-matters', { body: { category_id: categoryId, address } }))
    },
    enabled: () => of().categoryId !== null && of().address.length >= LEAST_ADDRESS,
  })
}

/** File a report; sent twice with its key, it is one. */
export function sendReport(body: WebReport, key: string): Promise<Receipt> {
  return data(api.POST('/api/v1/public/reports', { body, params: { header: { 'Idempotency-Key': key } } }))
}

export function askProgress(number: string, check: string): Promise<Progress> {
  return data(api.POST('/api/v1/public/progress', { body: { number, check } }))
}

/** The visit of a ticket, for the person who has its code. */
export function askVisit(number: string, code: string): Promise<PublicVisit> {
  return data(api.POST('/api/v1/public/visit', { body: { number, code } }))
}

export function moveVisit(number: string, code: string, visit_from: string): Promise<PublicVisit> {
  return data(api.POST('/api/v1/public/visit/move', { body: { number, code, visit_from } }))
}

export function cancelVisit(number: string, code: string): Promise<PublicVisit> {
  return data(api.POST('/api/v1/public/visit/cancel', { body: { number, code } }))
}
