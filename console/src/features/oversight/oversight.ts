import type { Role } from '@/shared/session/session'
import type { DeadlineReport, Policy } from './queries'

/** Tabs of the page; the words stand under `oversight.tab`. */
const ALL = ['levels', 'improvements', 'recurring', 'notices', 'letters'] as const
export type Tab = (typeof ALL)[number]

/** Return the tabs of a role: the quality team reads, and sends nothing again. */
export function tabsOf(role: Role | null): readonly Tab[] {
  return role === 'quality' ? ALL.slice(0, 3) : ALL
}

/** Return the share of deadlines that were met, by department, in the order of the departments. */
export function sharesOf(report: readonly DeadlineReport[]): { departments: (string | null)[]; shares: (clock: DeadlineReport['clock']) => (number | null)[] } {
  const departments = [...new Set(report.map((one) => one.department_id))]
  return {
    departments,
    shares: (clock) => departments.map((id) => report.find((one) => one.department_id === id && one.clock === clock)?.met_percent ?? null),
  }
}

/** Return a policy with other minutes in one rule. */
export function withMinutes(policy: Policy, at: number, field: 'respond_minutes' | 'resolve_minutes', minutes: number): Policy {
  return { ...policy, rules: policy.rules.map((rule, place) => (place === at ? { ...rule, [field]: minutes } : rule)) }
}

/** Return minutes as hours and minutes, `1:30`. */
export function hoursText(minutes: number): string {
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}`
}
