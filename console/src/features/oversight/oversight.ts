import type { Role } from '@/shared/session/session'
import type { DeadlineReport, LevelRule, Policy } from './queries'

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

/** Return a policy with another value in one rule. */
export function withValue(policy: Policy, at: number, field: 'respond_minutes' | 'resolve_minutes' | 'round_the_clock', value: number | boolean): Policy {
  return { ...policy, rules: policy.rules.map((rule, place) => (place === at ? { ...rule, [field]: value } : rule)) }
}

/** Shares and minutes of a policy beside its rules. */
export const SHARES = ['warning_percent', 'again_percent', 'after_visit_minutes'] as const
export type Share = (typeof SHARES)[number]

const key = (rule: LevelRule) => JSON.stringify([rule.kind, rule.urgency, rule.grade, rule.category_id, rule.department_id])
const text = (value: unknown) => (value === undefined ? '–' : String(value))

/** Return what differs between two policies: by rule and for the whole, as `field before → after`. */
export function differences(before: Policy, after: Policy, nameOf: (rule: LevelRule) => string): { of: string; field: string; before: string; after: string }[] {
  const former = new Map(before.rules.map((rule) => [key(rule), rule]))
  const fields = ['respond_minutes', 'resolve_minutes', 'round_the_clock'] as const
  const rules = [...after.rules, ...before.rules.filter((rule) => !after.rules.some((one) => key(one) === key(rule)))].flatMap((rule) => {
    const [old, now] = [former.get(key(rule)), after.rules.find((one) => key(one) === key(rule))]
    return fields.filter((field) => old?.[field] !== now?.[field]).map((field) => ({ of: nameOf(rule), field, before: text(old?.[field]), after: text(now?.[field]) }))
  })
  return [...rules, ...SHARES.filter((field) => before[field] !== after[field]).map((field) => ({ of: '', field, before: text(before[field]), after: text(after[field]) }))]
}

/** Return minutes as hours and minutes, `1:30`. */
export function hoursText(minutes: number): string {
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}`
}
