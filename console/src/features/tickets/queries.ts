import { useInfiniteQuery, useQuery } from '@pinia/colada'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { api, data, type Schemas } from '@/shared/api/client'
import { ApiProblem } from '@/shared/api/problems'

export type TicketRow = Schemas['TicketRow']
export type TicketDetail = Schemas['TicketDetail']
export type LogView = Schemas['LogView']
export type TicketStatus = Schemas['TicketStatus']

export interface TicketFilter {
  status?: TicketStatus[]
  text?: string
  escalated?: boolean
  number?: string
  reporter_number?: string
  customer_id?: string
}

const PAGE = 50
const NUMBER = /^\d{6,20}$/
const HOUR_MS = 3_600_000

/** Tickets that fit a filter, newest first, page by page. */
export function useTickets(filter: MaybeRefOrGetter<TicketFilter>, enabled: () => boolean = () => true) {
  const pages = useInfiniteQuery<TicketRow[], Error, string | null>({
    key: () => ['tickets', 'list', { ...toValue(filter) }],
    initialPageParam: null,
    enabled,
    query: ({ pageParam }) =>
      data(
        api.GET('/api/v1/tickets', {
          params: { query: { ...toValue(filter), limit: PAGE, ...(pageParam === null ? {} : { after: pageParam }) } },
        }),
      ),
    getNextPageParam: (last) => (last.length < PAGE ? null : (last.at(-1)?.id ?? null)),
  })
  const tickets = computed(() => pages.data.value?.pages.flat() ?? [])
  return { ...pages, tickets }
}

/** Find customers by a part of name, address or account. */
export function useCustomersLike(text: MaybeRefOrGetter<string>) {
  return useQuery({
    key: () => ['customers', 'like', toValue(text)],
    query: () => data(api.GET('/api/v1/customers', { params: { query: { text: toValue(text) } } })),
    enabled: () => toValue(text).length > 1,
  })
}

/** Return the id of a ticket that is named by its id, or by its number. Throws where no ticket has the number. */
export async function ticketId(name: string): Promise<string> {
  if (!/^\d+$/.test(name)) return name
  const [found] = NUMBER.test(name) ? await data(api.GET('/api/v1/tickets', { params: { query: { number: name } } })) : []
  if (found === undefined) throw new ApiProblem(404, 'unknown-ticket')
  return found.id
}

/** A ticket by its id, or by the number that a notice names. */
export function useTicket(named: MaybeRefOrGetter<string>, enabled: () => boolean = () => true) {
  return useQuery({
    key: () => ['tickets', 'one', toValue(named)],
    enabled,
    query: async () => {
      const id = await ticketId(toValue(named))
      return data(api.GET('/api/v1/tickets/{ticket_id}', { params: { path: { ticket_id: id } } }))
    },
  })
}

export function useClocks(id: MaybeRefOrGetter<string>) {
  return useQuery({
    key: () => ['tickets', 'clocks', toValue(id)],
    query: () => data(api.GET('/api/v1/tickets/{ticket_id}/clocks', { params: { path: { ticket_id: toValue(id) } } })),
  })
}

export function useDepartments() {
  return useQuery({ key: ['departments'], query: () => data(api.GET('/api/v1/departments')), staleTime: HOUR_MS })
}

export function useCategories() {
  return useQuery({ key: ['categories'], query: () => data(api.GET('/api/v1/categories')), staleTime: HOUR_MS })
}

/** People of a department, where one is named. */
export function usePeopleOf(department: MaybeRefOrGetter<string>) {
  return useQuery({
    key: () => ['people', toValue(department)],
    query: () => data(api.GET('/api/v1/people', { params: { query: { department_id: toValue(department) } } })),
    enabled: () => toValue(department) !== '',
  })
}

/** Windows of the coming days in which a department visits, where one is named. */
export function useWindows(department: MaybeRefOrGetter<string>) {
  return useQuery({
    key: () => ['windows', toValue(department)],
    query: () =>
      data(api.GET('/api/v1/departments/{department_id}/appointment-windows', { params: { path: { department_id: toValue(department) } } })),
    enabled: () => toValue(department) !== '',
  })
}

/** Names of departments and causes by their ids. */
export function useNames() {
  const [departments, categories] = [useDepartments(), useCategories()]
  const all = computed(() => new Map([...(departments.data.value ?? []), ...(categories.data.value ?? [])].map((one) => [one.id, one.name])))
  return (id: string | null | undefined): string => (id ? (all.value.get(id) ?? '') : '')
}

/** How many tickets are in each state, for the tabs. */
export function useCounts() {
  return useQuery({ key: ['tickets', 'counts'], query: () => data(api.GET('/api/v1/ticket-counts')) })
}
