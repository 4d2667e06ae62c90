import { useQuery } from '@pinia/colada'
import { toValue, type MaybeRefOrGetter } from 'vue'
import { api, data, type Schemas } from '@/shared/api/client'

export type VisitWindow = Schemas['WindowView']

const DAYS_AHEAD = 14

/** Windows of a department's week, and what is free of them in the coming days. */
export function useCapacity(department: MaybeRefOrGetter<string>) {
  const path = () => ({ department_id: toValue(department) })
  const enabled = () => toValue(department) !== ''
  return {
    week: useQuery({ key: () => ['capacity', 'week', toValue(department)], enabled, query: () => data(api.GET('/api/v1/departments/{department_id}/appointment-week', { params: { path: path() } })) }),
    coming: useQuery({ key: () => ['capacity', 'coming', toValue(department)], enabled, query: () => data(api.GET('/api/v1/departments/{department_id}/appointment-windows', { params: { path: path(), query: { days: DAYS_AHEAD } } })) }),
  }
}

export function saveWindows(department_id: string, body: Schemas['WeekInput']) {
  return data(api.PUT('/api/v1/departments/{department_id}/appointment-week', { params: { path: { department_id } }, body }))
}

/** Return the windows in order, Monday first. */
export function inOrder(windows: readonly VisitWindow[]): VisitWindow[] {
  return windows.toSorted((one, other) => one.weekday - other.weekday || one.from_clock.localeCompare(other.from_clock))
}
