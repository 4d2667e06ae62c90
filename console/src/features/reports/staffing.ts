import { useQuery } from '@pinia/colada'
import type { LocationQuery } from 'vue-router'
import { api, data, type Schemas } from '@/shared/api/client'
import type { operations } from '@/shared/api/schema'

export type StaffingLine = Schemas['StaffingLine']
type Asked = operations['get_reports_staffing']['parameters']['query']
/** What the page asks for: all of it stands in its address. */
export type Plan = Required<Omit<Asked, 'queue'>> & { queue: string }

const DAY = /^\d{4}-\d{2}-\d{2}$/
const within = (value: unknown, least: number, most: number, usual: number) => {
  const found = Number(value)
  return value !== undefined && Number.isFinite(found) && found >= least && found <= most ? found : usual
}

/** Return the plan that an address asks for. */
export function planOf(query: LocationQuery, today: string): Plan {
  return {
    day: typeof query.day === 'string' && DAY.test(query.day) ? query.day : today,
    weeks: Math.round(within(query.weeks, 1, 12, 4)),
    level: within(query.level, 1, 99.9, 80),
    within_s: Math.round(within(query.within_s, 1, 3600, 20)),
    shrinkage: within(query.shrinkage, 0, 90, 0),
    formula: query.formula === 'erlang_a' ? 'erlang_a' : 'erlang_c',
    queue: typeof query.queue === 'string' ? query.queue : '',
  }
}

const asked = ({ queue, ...plan }: Plan) => ({ ...plan, ...(queue === '' ? {} : { queue }) })

/** Staffing plan of a day. */
export function useStaffing(plan: () => Plan) {
  return useQuery({ key: () => ['staffing', JSON.stringify(plan())], query: () => data(api.GET('/api/v1/reports/staffing', { params: { query: asked(plan()) } })) })
}

/** Address of the plan as a file. */
export function staffingFile(plan: Plan, kind: 'csv' | 'xlsx', language: string): string {
  const query = Object.entries({ ...asked(plan), ...(kind === 'xlsx' ? { language } : {}) }).map(([name, value]) => [name, String(value)])
  return `/api/v1/reports/staffing.${kind}?${new URLSearchParams(query).toString()}`
}
