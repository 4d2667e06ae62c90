import { useMutation, useQuery } from '@pinia/colada'
import type { MaybeRefOrGetter } from 'vue'
import { toValue } from 'vue'
import { api, data, onceKey, type Schemas } from '@/shared/api/client'
import { useReadAgain } from '@/shared/api/reading'

export type FileTicket = Schemas['FileTicket']
export type TicketView = Schemas['TicketView']
export type TicketDetail = Schemas['TicketDetail']

export function useQueues() {
  return useQuery({ key: ['queues'], query: () => data(api.GET('/api/v1/queues')), staleTime: 5000 })
}

const path = (id: string) => ({ params: { path: { ticket_id: id } } })
const once = (key: string) => ({ headers: { 'Idempotency-Key': key } })

/** Choose which customer a shared number means; the next call proposes that one. */
export function choosePerson(number: string, customerId: string): Promise<unknown> {
  return data(api.POST('/api/v1/phone-choices', { body: { number, customer_id: customerId } }))
}

/** Actions on a ticket that is open already. */
export function useTicketActions() {
  const onSettled = useReadAgain('tickets')
  const append = useMutation({
    mutation: (asked: { id: string; body: Schemas['AppendToTicket'] }) =>
      data(api.POST('/api/v1/tickets/{ticket_id}/additions', { ...path(asked.id), body: asked.body, ...once(onceKey()) })),
    onSettled,
  })
  const urge = useMutation({
    mutation: (asked: { id: string; callId: string }) =>
      data(api.POST('/api/v1/tickets/{ticket_id}/urge', { ...path(asked.id), body: { call_id: asked.callId }, ...once(onceKey()) })),
    onSettled,
  })
  const dispatch = useMutation({
    mutation: (asked: { id: string; departmentId: string; version: number }) =>
      data(
        api.POST('/api/v1/tickets/{ticket_id}/dispatch', {
          ...path(asked.id),
          body: { department_id: asked.departmentId, version: asked.version },
        }),
      ),
    onSettled,
  })
  const answer = useMutation({
    mutation: (asked: { id: string; reason: string; version: number }) =>
      data(
        api.POST('/api/v1/tickets/{ticket_id}/answer', {
          ...path(asked.id),
          body: { reason: asked.reason, version: asked.version },
        }),
      ),
    onSettled,
  })
  return { append, urge, dispatch, answer }
}

export function useTicket(id: MaybeRefOrGetter<string>) {
  return useQuery({
    key: () => ['tickets', toValue(id)],
    query: () => data(api.GET('/api/v1/tickets/{ticket_id}', { params: { path: { ticket_id: toValue(id) } } })),
  })
}

/** Book a visit in a free window of a department, or move the booked one there. */
export function bookVisit(id: string, body: Schemas['BookVisit']): Promise<unknown> {
  return data(api.POST('/api/v1/tickets/{ticket_id}/appointment', { ...path(id), body, ...once(onceKey()) }))
}

/** The agent's own day. */
export function useFigures() {
  return useQuery({ key: ['figures'], query: () => data(api.GET('/api/v1/agents/me/figures')), staleTime: 10_000 })
}

/** Calls under way that concern this agent; while wanted, asked for again and again. */
export function useLiveCalls(wanted: MaybeRefOrGetter<boolean>) {
  return useQuery({ key: ['live-calls'], enabled: () => toValue(wanted), query: () => data(api.GET('/api/v1/live-calls')), staleTime: 1000 })
}

/** Take a parked or waiting call; the agent's phone rings for it. */
export function pickUp(callId: string): Promise<unknown> {
  return data(api.POST('/api/v1/calls/{call_id}/pick-up', { params: { path: { call_id: callId } }, ...once(onceKey()) }))
}

/** What this agent may call, and what the other party sees. */
export function useOutgoingRules(wanted: MaybeRefOrGetter<boolean>) {
  return useQuery({ key: ['outgoing-rules'], enabled: () => toValue(wanted), query: () => data(api.GET('/api/v1/outgoing-rules')), staleTime: 10_000 })
}

/** Call out, the agent's own phone first; return the call's id. */
export async function callOut(body: Schemas['CallOut'], key: string): Promise<string> {
  return (await data(api.POST('/api/v1/calls', { body, ...once(key) }))).call_id
}

/** Store what came of a call, with what the result asks for. */
export function storeResult(callId: string, code: string, answers: Record<string, string | number | boolean | null>): Promise<unknown> {
  return data(api.PUT('/api/v1/calls/{call_id}/disposition', { params: { path: { call_id: callId } }, body: { code, answers }, keepalive: true }))
}
