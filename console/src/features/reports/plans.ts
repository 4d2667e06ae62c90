import { useMutation, useQuery } from '@pinia/colada'
import { api, data, type Schemas } from '@/shared/api/client'

export type Plan = Schemas['ReportPlanView']
export type PlanInput = Schemas['ReportPlanInput']
export type ReportPeriod = Plan['period']

export const REPORT_PERIODS: readonly ReportPeriod[] = ['day', 'week', 'month', 'quarter', 'half_year', 'year']
/** Parts that a report may have, in the order in which it has them. */
export const SUBJECTS = ['calls', 'agents', 'teams', 'adherence', 'tickets', 'flows', 'matrix', 'callbacks', 'rescue'] as const satisfies readonly Plan['subjects'][number][]
/** Usual day of the next month; days and weeks have none. */
export const DUE_DAY: Partial<Record<ReportPeriod, number>> = { month: 10, quarter: 10, half_year: 15, year: 20 }

export function emptyPlan(language: 'zh' | 'en'): PlanInput {
  return { name: '', period: 'month', day: 10, hour: 8, subjects: ['calls', 'agents', 'tickets'], mailboxes: [], language, active: true }
}

/** Return the mailboxes that a person entered, one per line. */
export function mailboxesIn(text: string): string[] {
  return [...new Set(text.split(/[\s,;，；]+/).filter((one) => one !== ''))]
}

const named = (plan_id: string) => ({ params: { path: { plan_id } } })

/** Plans of scheduled reports with what was made of them, and what changes them. */
export function usePlans() {
  const plans = useQuery({ key: ['report-plans'], query: () => data(api.GET('/api/v1/report-plans')) })
  const onSettled = async () => void (await plans.refetch())
  const save = useMutation({
    mutation: ({ id, body }: { id: string | null; body: PlanInput }) =>
      id === null ? data(api.POST('/api/v1/report-plans', { body })) : data(api.PUT('/api/v1/report-plans/{plan_id}', { ...named(id), body })),
    onSettled,
  })
  const remove = useMutation({ mutation: (id: string) => data(api.DELETE('/api/v1/report-plans/{plan_id}', named(id))), onSettled })
  const sendAgain = useMutation({
    mutation: (run_id: string) => data(api.POST('/api/v1/report-runs/{run_id}/mails', { params: { path: { run_id } } })),
    onSettled,
  })
  return { plans, save, remove, sendAgain }
}
