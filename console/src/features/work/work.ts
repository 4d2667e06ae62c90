import type { LocationQuery } from 'vue-router'
import type { Schemas } from '@/shared/api/client'

export type Row = Schemas['TicketRow']

/** Tabs of a department's work; the words stand under `work.tab`. */
export const TABS = ['new', 'mine', 'due', 'overdue', 'open', 'refused'] as const
export type Tab = (typeof TABS)[number]

const DAY_MS = 24 * 3_600_000

export interface Viewer {
  staffId: string
  departmentId: string
  nowMs: number
}

/** Return the tab that an address names. */
export function tabOf(query: LocationQuery): Tab {
  return TABS.find((tab) => tab === query.tab) ?? 'new'
}

/** Return the open tickets of a tab, the most pressing first. */
export function ofTab(tab: Tab, rows: readonly Row[], viewer: Viewer): Row[] {
  return rows.filter((row) => belongs(tab, row, viewer)).toSorted((one, other) => pressing(one) - pressing(other))
}

function belongs(tab: Tab, row: Row, { staffId, departmentId, nowMs }: Viewer): boolean {
  const due = row.next_due_at === null ? null : Date.parse(row.next_due_at)
  switch (tab) {
    case 'new':
      return row.status === 'dispatched' && row.department_id === departmentId
    case 'mine':
      return row.person_id === staffId
    case 'due':
      return due !== null && due >= nowMs && due < nowMs + DAY_MS
    case 'overdue':
      return due !== null && due < nowMs
    case 'open':
      return true
    case 'refused':
      return false
  }
}

const pressing = (row: Row) => Date.parse(row.next_due_at ?? row.registered_at) + (row.next_due_at === null ? 1e15 : 0)

/** Return a day as the service names it, some days from another. */
export function dayFrom(day: string, days: number): string {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number)
  return new Date(Date.UTC(year, month - 1, date + days)).toISOString().slice(0, 10)
}
