import { useQuery } from '@pinia/colada'
import type { LocationQuery } from 'vue-router'
import { api, data, type Schemas } from '@/shared/api/client'
import type { operations } from '@/shared/api/schema'

export type StaffingLine = Schemas['StaffingLine']
type Asked = operations['get_reports_staffing']['parameters']['query']
/** What the page asks for: all of it stands in its address. */
export type Plan = Required<Omit<Asked, 'queue'>> & { queue: string }

const DAY = /^\d{4}-\d{2}-\d{2}$/
/** Numbers of a plan: least, most, usual, and whether a fraction is possible. */
export const NUMBERS = {
  weeks: { least: 1, most: 12, usual: 4, whole: true },
  level: { least: 1, most: 99.9, usual: 80, whole: false },
  within_s: { least: 1, most: 3600, usual: 20, whole: true },
  shrinkage: { least: 0, most: 90, usual: 0, whole: false },
} as const
export type NumberField = keyof typeof NUMBERS
export const NUMBER_FIELDS = Object.keys(NUMBERS) as NumberField[]

function isNumber(field: NumberField, text: unknown): boolean {
  const { least, most, whole } = NUMBERS[field]
  const found = Number(text)
  return typeof text === 'string' && text.trim() !== '' && found >= least && found <= most && (!whole || Number.isInteger(found))
}

/** Return the numbers of an address that break their rules, as they were given: the page says so at their fields. */
export function wrongNumbers(query: LocationQuery): Partial<Record<NumberField, string>> {
  const wrong = NUMBER_FIELDS.filter((field) => query[field] !== undefined && !isNumber(field, query[field]))
  return Object.fromEntries(wrong.map((field) => [field, String(query[field])]))
}

/** Return the plan that an address asks for. */
export function planOf(query: LocationQuery, today: string): Plan {
  const number = (field: NumberField) => (isNumber(field, query[field]) ? Number(query[field]) : NUMBERS[field].usual)
  return {
    day: typeof query.day === 'string' && DAY.test(query.day) ? query.day : today,
    weeks: number('weeks'),
    level: number('level'),
    within_s: number('within_s'),
    shrinkage: number('shrinkage'),
    formula: query.formula === 'erlang_a' ? 'erlang_a' : 'erlang_c',
    queue: typeof query.queue === 'string' ? query.queue : '',
  }
}

const asked = ({ queue, ...plan }: Plan) => ({ ...plan, ...(queue === '' ? {} : { queue }) })

/** Staffing plan of a day; none while a number is wrong. */
export function useStaffing(plan: () => Plan, enabled: () => boolean) {
  return useQuery({ enabled, key: () => ['staffing', JSON.stringify(plan())], query: () => data(api.GET('/api/v1/reports/staffing', { params: { query: asked(plan()) } })) })
}

/** Address of the plan as a file. */
export function staffingFile(plan: Plan, kind: 'csv' | 'xlsx', language: string): string {
  const query = Object.entries({ ...asked(plan), language }).map(([name, value]) => [name, String(value)])
  return `/api/v1/reports/staffing.${kind}?${new URLSearchParams(query).toString()}`
}
