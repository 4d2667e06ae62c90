import { useQuery } from '@pinia/colada'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { api, data, type Schemas } from '@/shared/api/client'
import { useDepartments as useHouse } from '@/shared/house/house'
import type { Role } from '@/shared/session/session'

export type TicketRow = Schemas['TicketRow']
export type Proposal = Schemas['ProposedDepartment']
export type Refusal = Schemas['RefusalView']

/** Kinds of work at the dispatch desk; the words stand under `dispatch.work`. */
export const WORK = ['undispatched', 'refused', 'extensions', 'escalated', 'overdue'] as const
export type Work = (typeof WORK)[number]

const PAGE = 100
/** Supervisors rule on refusals and extensions. */
const RULES: ReadonlySet<Role> = new Set(['supervisor', 'administrator'])

export function mayRule(role: Role | null): boolean {
  return role !== null && RULES.has(role)
}

/** Return the kinds of work that a role sees: only those who rule on extensions may list them. */
export function workOf(role: Role | null): readonly Work[] {
  return mayRule(role) ? WORK : WORK.filter((work) => work !== 'extensions')
}

interface Filter {
  status?: Schemas['TicketStatus'][]
  escalated?: boolean
}
export const FILTERS: Record<'undispatched' | 'refused' | 'escalated', Filter> = {
  undispatched: { status: ['registered'] },
  refused: { status: ['refused'] },
  escalated: { escalated: true },
}

/** Tickets of a kind of work, the longest waiting first. */
export function useWork(work: MaybeRefOrGetter<keyof typeof FILTERS>) {
  return useQuery({
    key: () => ['tickets', 'dispatch', toValue(work)],
    query: () => data(api.GET('/api/v1/tickets', { params: { query: { ...FILTERS[toValue(work)], sort: 'oldest', limit: PAGE } } })),
  })
}

export function useExtensions() {
  return useQuery({ key: ['tickets', 'extensions'], query: () => data(api.GET('/api/v1/pending-extensions', { params: { query: { limit: PAGE } } })) })
}

export function useOverdue() {
  return useQuery({ key: ['tickets', 'overdue'], query: () => data(api.GET('/api/v1/service-levels/overdue', { params: { query: { limit: PAGE } } })) })
}

/** A ticket with both sides' words. */
export function useRefused(id: MaybeRefOrGetter<string>) {
  return useQuery({
    key: () => ['tickets', 'one', toValue(id)],
    query: () => data(api.GET('/api/v1/tickets/{ticket_id}', { params: { path: { ticket_id: toValue(id) } } })),
  })
}

export function useDepartments() {
  const departments = useHouse()
  const names = computed(() => new Map((departments.data.value ?? []).map((one) => [one.id, one.name])))
  const active = computed(() => (departments.data.value ?? []).filter((one) => one.active))
  return { active, nameOf: (id: string | null) => (id === null ? '' : (names.value.get(id) ?? '')) }
}

const at = (ticket_id: string) => ({ path: { ticket_id } })
type Held = Pick<TicketRow, 'id' | 'version'>

export function dispatch(ticket: Held, department_id: string) {
  return data(api.POST('/api/v1/tickets/{ticket_id}/dispatch', { params: at(ticket.id), body: { department_id, version: ticket.version } }))
}

export function uphold(ticket: Held, department_id: string, reason: string) {
  return data(
    api.POST('/api/v1/tickets/{ticket_id}/uphold-refusal', { params: at(ticket.id), body: { department_id, reason, version: ticket.version } }),
  )
}

export function overrule(ticket: Held, reason: string) {
  return data(api.POST('/api/v1/tickets/{ticket_id}/overrule-refusal', { params: at(ticket.id), body: { reason, version: ticket.version } }))
}

export function decide(ticketId: string, granted: boolean, reason: string) {
  const asked = { params: at(ticketId), body: { reason } }
  return data(
    granted ? api.POST('/api/v1/tickets/{ticket_id}/grant-extension', asked) : api.POST('/api/v1/tickets/{ticket_id}/deny-extension', asked),
  )
}
