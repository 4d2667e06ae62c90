import { describe, expect, it } from 'vitest'
import { hoursText, sharesOf, tabsOf, withValue } from './oversight'
import type { DeadlineReport, Policy } from './queries'

const line = (department_id: string, clock: 'respond' | 'resolve', met_percent: number | null) => ({ department_id, clock, met_percent }) as DeadlineReport

describe('oversight', () => {
  it('draws each clock over the same departments', () => {
    const { departments, shares } = sharesOf([line('d-1', 'respond', 90), line('d-1', 'resolve', 80), line('d-2', 'resolve', null)])
    expect(departments).toEqual(['d-1', 'd-2'])
    expect([shares('respond'), shares('resolve')]).toEqual([[90, null], [80, null]])
  })

  it('tries other minutes without touching the policy in force', () => {
    const policy = { rules: [{ respond_minutes: 60, resolve_minutes: 120 }, { respond_minutes: 15, resolve_minutes: 60 }] } as Policy
    expect(withValue(policy, 1, 'resolve_minutes', 30).rules[1]?.resolve_minutes).toBe(30)
    expect(policy.rules[1]?.resolve_minutes).toBe(60)
    expect(hoursText(90)).toBe('1:30')
  })

  it('shows the quality team what it may read', () => {
    expect([tabsOf('quality').length, tabsOf('supervisor').length]).toEqual([3, 5])
  })
})
