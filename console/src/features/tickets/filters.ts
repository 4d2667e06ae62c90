import type { LocationQuery } from 'vue-router'
import type { Role } from '@/shared/session/session'
import type { TicketFilter, TicketStatus } from './queries'

/** Tabs of the list; the words stand under `tickets.tab`. */
const TABS = ['all', 'undispatched', 'escalated', 'dispatched', 'signed', 'replied', 'archived'] as const
export type Tab = (typeof TABS)[number]

/** Return the tabs of a role: a department begins with what it has to sign for. */
export function tabsOf(role: Role | null): readonly Tab[] {
  return role === 'department' ? ['dispatched', 'signed', 'replied', 'archived', 'all'] : TABS
}

/** Return the tab that an address names. */
export function tabOf(query: LocationQuery, tabs: readonly Tab[] = TABS): Tab {
  return tabs.find((tab) => tab === query.tab) ?? tabs[0] ?? 'all'
}

/** Return what an address asks for: the filters are in it, so that a reload or a link shows the same list. */
export function filterOf(query: LocationQuery, tabs: readonly Tab[] = TABS): TicketFilter {
  const number = typeof query.number === 'string' ? query.number.replace(/\D/g, '') : ''
  if (number.length >= 6) return { number }
  const tab = tabOf(query, tabs)
  if (tab === 'all') return {}
  if (tab === 'undispatched' || tab === 'escalated') return { [tab]: true }
  return { status: tab satisfies TicketStatus }
}
