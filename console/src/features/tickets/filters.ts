import type { LocationQuery } from 'vue-router'
import type { TicketFilter, TicketStatus } from './queries'

/** Tabs of the list; the words stand under `tickets.tab`. */
export const TABS = ['all', 'undispatched', 'escalated', 'dispatched', 'signed', 'replied', 'archived'] as const
export type Tab = (typeof TABS)[number]

/** Return the tab that an address names. */
export function tabOf(query: LocationQuery): Tab {
  return TABS.find((tab) => tab === query.tab) ?? 'all'
}

/** Return what an address asks for: the filters are in it, so that a reload or a link shows the same list. */
export function filterOf(query: LocationQuery): TicketFilter {
  const number = typeof query.number === 'string' ? query.number.replace(/\D/g, '') : ''
  if (number.length >= 6) return { number }
  const tab = tabOf(query)
  if (tab === 'all') return {}
  if (tab === 'undispatched' || tab === 'escalated') return { [tab]: true }
  return { status: tab satisfies TicketStatus }
}
