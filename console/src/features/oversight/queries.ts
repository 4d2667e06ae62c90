import { useQuery } from '@pinia/colada'
import { toValue, type MaybeRefOrGetter } from 'vue'
import { api, data, onceKey, type Schemas } from '@/shared/api/client'
import { useNames } from '@/shared/house/house'
import { i18n } from '@/shared/i18n/i18n'
import { useLabels } from '@/shared/i18n/labels'

export type Policy = Schemas['Policy']
export type PolicyVersion = Schemas['PolicyView']
export type LevelRule = Schemas['LevelRule']
export type Effect = Schemas['WhatIfView']
export type DeadlineReport = Schemas['DeadlineReport']
export type Improvement = Schemas['ImprovementView']

const HOUR_MS = 3_600_000
const once = () => ({ headers: { 'Idempotency-Key': onceKey() } })

/** Return the time of the last days. */
export function lastDays(days: number): { since: string; until: string } {
  const now = Date.now()
  return { since: new Date(now - days * 24 * HOUR_MS).toISOString(), until: new Date(now).toISOString() }
}

/** How departments met the deadlines of the last days. */
export function useDeadlines(days: MaybeRefOrGetter<number>) {
  return useQuery({
    key: () => ['oversight', 'deadlines', toValue(days)],
    query: () => {
      return data(api.GET('/api/v1/service-levels/report', { params: { query: lastDays(toValue(days)) } }))
    },
  })
}

/** Versions of the policy, newest first; one is in force, a newer one may wait for its moment. */
export function usePolicies() {
  return useQuery({ key: ['oversight', 'policies'], query: () => data(api.GET('/api/v1/service-levels/policies')) })
}

export const enterPolicy = (body: Schemas['PolicyInput']) => data(api.POST('/api/v1/service-levels/policies', { body }))
export const withdrawPolicy = (version: number) => data(api.DELETE('/api/v1/service-levels/policies/{version}', { params: { path: { version: String(version) } } }))

/** Return what a policy would do to the open tickets; it changes nothing. */
export function whatIf(policy: Policy) {
  return data(api.POST('/api/v1/service-levels/what-if', { body: { policy } }))
}

export function useImprovements() {
  return useQuery({ key: ['oversight', 'improvements'], query: () => data(api.GET('/api/v1/service-levels/improvements')) })
}

export const addImprovement = (body: Schemas['ImprovementInput']) => data(api.POST('/api/v1/service-levels/improvements', { body, ...once() }))
export const doneImprovement = (action_id: string, outcome: string) =>
  data(api.POST('/api/v1/service-levels/improvements/{action_id}/done', { params: { path: { action_id } }, body: { outcome } }))

/** Events that no handler could take. */
export function useLetters() {
  return useQuery({ key: ['oversight', 'letters'], query: () => data(api.GET('/api/v1/outbox/dead-letters')) })
}

export const sendLetter = (sequence: number) => data(api.POST('/api/v1/outbox/dead-letters/{sequence}/redeliver', { params: { path: { sequence: String(sequence) } } }))
export const sendLetters = () => data(api.POST('/api/v1/outbox/dead-letters/redeliver', { body: {} }))
export const dropLetter = (sequence: number, reason: string) =>
  data(api.POST('/api/v1/outbox/dead-letters/{sequence}/drop', { params: { path: { sequence: String(sequence) } }, body: { reason } }))

/** Notices that were given up. */
export function useUndelivered() {
  return useQuery({ key: ['oversight', 'notices'], query: () => data(api.GET('/api/v1/notice-deliveries', { params: { query: { state: 'dead' } } })) })
}

export const sendNotice = (delivery_id: string) => data(api.POST('/api/v1/notice-deliveries/{delivery_id}/redeliver', { params: { path: { delivery_id } } }))
export const sendNotices = () => data(api.POST('/api/v1/notice-deliveries/redeliver', { body: {} }))
export const dropNotice = (delivery_id: string, reason: string) =>
  data(api.POST('/api/v1/notice-deliveries/{delivery_id}/drop', { params: { path: { delivery_id } }, body: { reason } }))

/** Matters that come again: one cause in one area, or one customer. */
export function useRecurring(days: MaybeRefOrGetter<number>, moreThan: MaybeRefOrGetter<number>) {
  return useQuery({
    key: () => ['oversight', 'recurring', toValue(days), toValue(moreThan)],
    query: () => data(api.GET('/api/v1/recurring', { params: { query: { days: toValue(days), more_than: toValue(moreThan) } } })),
  })
}

/** Return a function that says which tickets a rule fits. */
export function useRuleNames(): (rule: LevelRule) => string {
  const [label, nameOf] = [useLabels(), useNames()]
  return (rule) =>
    [rule.kind && label('TicketKind', rule.kind), rule.urgency && label('Urgency', rule.urgency), rule.grade && label('Grade', rule.grade), nameOf(rule.category_id), nameOf(rule.department_id)]
      .filter(Boolean).join(' · ') || i18n.global.t('oversight.every_ticket')
}
