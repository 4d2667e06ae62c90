import { useQuery } from '@pinia/colada'
import { api, carryOut, data, onceKey, type Schemas } from '@/shared/api/client'
import { wallClock } from '@/shared/i18n/zone'
import { plusDays } from './periods'

export type ShiftView = Schemas['ShiftView']

/** A shift as the page edits it: by the clock of the service. */
export interface ShiftRow {
  staff_id: string
  from_time: string
  until_time: string
}

const WEEK = 7

/** Shifts that begin on a day. */
export function useShifts(day: () => string) {
  return useQuery({
    key: () => ['shifts', day()],
    query: () => data(api.GET('/api/v1/planned-shifts', { params: { query: { since: day(), until: plusDays(day(), 1) } } })),
  })
}

const clockOf = (at: string) => wallClock(Date.parse(at)).slice(11)

/** Return shifts as the page edits them. */
export function rowsOf(shifts: readonly ShiftView[]): ShiftRow[] {
  return shifts.map((one) => ({ staff_id: one.staff_id, from_time: clockOf(one.since), until_time: clockOf(one.until) }))
}

/** Replace the shifts of a day. */
export function storeShifts(day: string, shifts: readonly ShiftRow[]): Promise<unknown> {
  return carryOut({ method: 'PUT', path: `/api/v1/planned-shifts/${day}` }, { shifts }, onceKey())
}

/** Take the shifts of the same day a week before. */
export function copyLastWeek(day: string): Promise<unknown> {
  return carryOut({ method: 'POST', path: '/api/v1/planned-shifts/copy' }, { source: plusDays(day, -WEEK), target: day, days: 1 }, onceKey())
}
