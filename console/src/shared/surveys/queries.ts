import { useQuery } from '@pinia/colada'
import { toValue, type MaybeRefOrGetter } from 'vue'
import { api, data, onceKey, type Schemas } from '@/shared/api/client'

export type SurveyToAsk = Schemas['SurveyToAsk']
export type SurveyScript = Schemas['SurveyScript']
export type ScriptLine = Schemas['ScriptLine']
export type ScriptPart = Schemas['ScriptPart']
type AnswersInput = Schemas['AnswersInput']

const of = (contact_id: string) => ({ params: { path: { contact_id } } })

/** Customers to be asked about finished work, the longest waiting first. */
export function useSurveys(mine: MaybeRefOrGetter<boolean>) {
  return useQuery({
    key: () => ['surveys', 'list', toValue(mine)],
    query: () => data(api.GET('/api/v1/survey-contacts', { params: { query: { mine: toValue(mine) } } })),
  })
}

/** One customer to be asked, with the words. */
export function useScript(contact: MaybeRefOrGetter<string>) {
  return useQuery({
    key: () => ['surveys', 'script', toValue(contact)],
    query: () => data(api.GET('/api/v1/survey-contacts/{contact_id}', of(toValue(contact)))),
  })
}

/** What the survey is about: the ticket with what was replied. */
export function useAskedTicket(id: MaybeRefOrGetter<string>) {
  return useQuery({
    key: () => ['tickets', 'one', toValue(id)],
    query: () => data(api.GET('/api/v1/tickets/{ticket_id}', { params: { path: { ticket_id: toValue(id) } } })),
    enabled: () => toValue(id) !== '',
  })
}

export const claim = (id: string) => data(api.POST('/api/v1/survey-contacts/{contact_id}/claim', of(id)))
export const release = (id: string) => data(api.DELETE('/api/v1/survey-contacts/{contact_id}/claim', of(id)))
export const postpone = (id: string, until: string) => data(api.POST('/api/v1/survey-contacts/{contact_id}/postpone', { ...of(id), body: { until } }))
export const store = (id: string, body: AnswersInput) =>
  data(api.POST('/api/v1/survey-contacts/{contact_id}/answers', { ...of(id), headers: { 'Idempotency-Key': onceKey() }, body }))
