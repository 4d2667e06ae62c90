import { useQuery } from '@pinia/colada'
import { api, data, type Schemas } from '@/shared/api/client'
import { i18n } from '@/shared/i18n/i18n'
import type { Period } from './periods'

export type MatrixCell = Schemas['MatrixCell']

/** What serves each matter on each channel, with its tickets of a time. */
export function useMatrix(period: () => Period) {
  return useQuery({
    // The titles of flows come in the reader's language.
    key: () => ['reports', 'matrix', period().since, period().until, i18n.global.locale.value],
    query: () => data(api.GET('/api/v1/reports/matrix', { params: { query: period() } })),
  })
}

/** Address of the tickets of each matter and channel as a file. */
export function matrixFile(period: Period, kind: 'csv' | 'xlsx', language: string): string {
  const { since, until } = period
  return `/api/v1/reports/tickets.${kind}?${new URLSearchParams({ since, until, by: 'whole', group: 'kind_and_channel', language }).toString()}`
}
