import type { LocationQuery } from 'vue-router'
import type { Schemas } from '@/shared/api/client'

export type Row = Schemas['TicketRow']

/** Tabs of a department's work; the words stand under `work.tab`. */
export const TABS = ['new', 'mine', 'due', 'overdue', 'open', 'refused'] as const
export type Tab = (typeof TABS)[number]
/** Tabs that are lists of open tickets. */
export const OPEN_TABS = ['new', 'mine', 'due', 'overdue', 'open'] as const
export type OpenTab = (typeof OPEN_TABS)[number]

const DAY_MS = 24 * 3_600_000

/** Return the tab that an address names. */
export function tabOf(query: LocationQuery): Tab {
  return TABS.find((tab) => tab === query.tab) ?? 'new'
}

interface Filter {
  status: Schemas['TicketStatus'][]
  leads?: boolean
  person_id?: string
  overdue?: boolean
  due_before?: string
}

/** Return the filter of a tab's tickets, of which the service knows the department. */
export function filterOf(tab: OpenTab, staffId: string, nowMs: number): Filter {
  const open: Filter = { status: ['dispatched', 'signed', 'parked'] }
  switch (tab) {
    case 'new':
      return { status: ['dispatched'], leads: true }
    case 'mine':
      return { ...open, person_id: staffId }
    case 'due':
      return { ...open, overdue: false, due_before: new Date(nowMs + DAY_MS).toISOString() }
    case 'overdue':
      return { ...open, overdue: true }
    case 'open':
      return open
  }
}

/** Return tickets in order, the most pressing first. */
export function byDeadline(rows: readonly Row[]): Row[] {
  return rows.toSorted((one, other) => pressing(one) - pressing(other))
}

const pressing = (row: Row) => Date.parse(row.next_due_at ?? row.registered_at) + (row.next_due_at === null ? 1e15 : 0)

/** Return a day as the service names it, some days from another. */
export function dayFrom(day: string, days: number): string {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number)
  return new Date(Date.UTC(year, month - 1, date + days)).toISOString().slice(0, 10)
}
