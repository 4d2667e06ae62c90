import { useInfiniteQuery, useQuery } from '@pinia/colada'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { api, data, type Schemas } from '@/shared/api/client'
import { ApiProblem } from '@/shared/api/problems'
import { useTurns } from '@/shared/api/reading'

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
  const inTurn = useTurns('tickets')
  return { ...pages, tickets, loadNextPage: () => inTurn(() => pages.loadNextPage()) }
}

/** The form as it was when the ticket was filed. */
export function useFormOf(ticket: () => TicketDetail) {
  return useQuery({
    key: () => ['forms', ticket().kind, ticket().form_version],
    query: () => data(api.GET('/api/v1/ticket-forms/{kind}', { params: { path: { kind: ticket().kind }, query: { version: ticket().form_version } } })),
    enabled: () => Object.keys(ticket().form).length > 0,
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

/** People of a department, where one is named. */
export function usePeopleOf(department: MaybeRefOrGetter<string>) {
  return useQuery({
    key: () => ['people', toValue(department)],
    query: () => data(api.GET('/api/v1/people', { params: { query: { department_id: toValue(department) } } })),
    enabled: () => toValue(department) !== '',
  })
}

/** Open tickets that may be about the matter of a ticket. */
export function useSimilarTo(ticket: () => TicketDetail) {
  return useQuery({
    key: () => ['tickets', 'similar', ticket().id],
    query: () => {
      const { customer_id, address, area, category_id, subject } = ticket()
      return data(api.POST('/api/v1/similar-tickets', { body: { customer_id, address, area, category_id, text: subject } }))
    },
  })
}

/** How many tickets are in each state, for the tabs. */
export function useCounts() {
  return useQuery({ key: ['tickets', 'counts'], query: () => data(api.GET('/api/v1/ticket-counts')) })
}
