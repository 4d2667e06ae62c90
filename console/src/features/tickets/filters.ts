import type { LocationQuery } from 'vue-router'
import type { Schemas } from '@/shared/api/client'
import type { Role } from '@/shared/session/session'
import type { TicketFilter, TicketStatus } from './queries'

/** Tabs of the list; the words stand under `tickets.tab`. */
const TABS = ['all', 'undispatched', 'refused', 'escalated', 'dispatched', 'signed', 'replied', 'archived'] as const
export type Tab = (typeof TABS)[number]

/** States of the tabs, as at the dispatch desk; parked work is still the department's, and a survey under way still has no result. */
const STATES: Record<Exclude<Tab, 'all' | 'escalated'>, readonly TicketStatus[]> = {
  undispatched: ['registered'], refused: ['refused'], dispatched: ['dispatched'], signed: ['signed', 'parked'], replied: ['replied', 'survey'], archived: ['archived'],
}

/** The service looks for two characters and more. */
const LEAST = 2
/** Numbers of telephones begin with 1, 0 or +; those of tickets with the year. */
const TELEPHONE = /^(?:\+\d{8,15}|1\d{10}|0\d{9,11})$/

/** Return the tabs of a role: a department begins with what it has to sign for. */
export function tabsOf(role: Role | null): readonly Tab[] {
  return role === 'department' ? ['dispatched', 'signed', 'replied', 'archived', 'all'] : TABS
}

/** Return the tab that an address names. */
export function tabOf(query: LocationQuery, tabs: readonly Tab[] = TABS): Tab {
  return tabs.find((tab) => tab === query.tab) ?? tabs[0] ?? 'all'
}

/** Return the words that an address looks for. */
export function textOf(query: LocationQuery): string {
  return typeof query.text === 'string' ? query.text.trim() : ''
}

/** Return whether a filter asks for less than the service can look for. */
export function tooShort(filter: TicketFilter): boolean {
  return filter.text !== undefined && filter.text.length < LEAST
}

/** Return what an address asks for: the filters are in it, so that a reload or a link shows the same list. */
export function filterOf(query: LocationQuery, tabs: readonly Tab[] = TABS): TicketFilter {
  if (typeof query.customer === 'string') return { customer_id: query.customer }
  const text = textOf(query)
  const digits = text.replaceAll(/[\s-]/g, '')
  if (TELEPHONE.test(digits)) return { reporter_number: digits }
  if (text !== '') return { text: /^\d+$/.test(digits) ? digits : text }
  const tab = tabOf(query, tabs)
  if (tab === 'all') return {}
  if (tab === 'escalated') return { escalated: true }
  return { status: [...STATES[tab]] }
}

/** Return how many tickets a tab has; the service counts a state up to a bound, beyond which a plus stands for the others. */
export function countOf(tab: Tab, counts: Schemas['TicketCounts']): string {
  if (tab === 'escalated') return shown(counts.escalated, counts.more_escalated)
  if (tab === 'all') return shown(counts.total, counts.more.length > 0)
  const states = STATES[tab]
  return shown(states.reduce((sum, state) => sum + (counts.by_status[state] ?? 0), 0), states.some((state) => counts.more.includes(state)))
}

const shown = (number: number, more: boolean) => (more ? `${number}+` : String(number))
