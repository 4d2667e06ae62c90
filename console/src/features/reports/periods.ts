/** Days are written as the service takes them: `2026-11-29`; a time ends before its `until`. */
export interface Period {
  since: string
  until: string
}

export const PERIODS = ['today', 'yesterday', 'this_week', 'last_week', 'this_month', 'last_month', 'this_year'] as const
export type PeriodName = (typeof PERIODS)[number]
export const COMPARISONS = ['none', 'before', 'last_year'] as const
export type Comparison = (typeof COMPARISONS)[number]

const DAY_MS = 86_400_000

/** Days have no time zone here: noon of UTC stands for the whole day. */
const noon = (day: string) => new Date(`${day}T12:00:00Z`)
const written = (date: Date) => date.toISOString().slice(0, 10)

/** Return a day some days later. */
export function plusDays(day: string, days: number): string {
  return written(new Date(noon(day).getTime() + days * DAY_MS))
}

/** Return the first day of a month, some months later. */
function month(day: string, later: number): string {
  const [year = 0, number = 1] = day.split('-').map(Number)
  return written(new Date(Date.UTC(year, number - 1 + later, 1, 12)))
}

/** Return the days of a named time. */
export function periodOf(name: PeriodName, today: string): Period {
  const monday = plusDays(today, -((noon(today).getUTCDay() + 6) % 7))
  switch (name) {
    case 'today':
      return { since: today, until: plusDays(today, 1) }
    case 'yesterday':
      return { since: plusDays(today, -1), until: today }
    case 'this_week':
      return { since: monday, until: plusDays(monday, 7) }
    case 'last_week':
      return { since: plusDays(monday, -7), until: monday }
    case 'this_month':
      return { since: month(today, 0), until: month(today, 1) }
    case 'last_month':
      return { since: month(today, -1), until: month(today, 0) }
    case 'this_year':
      return { since: `${today.slice(0, 4)}-01-01`, until: `${Number(today.slice(0, 4)) + 1}-01-01` }
  }
}

/** Return the time that another one is compared with: of the same length before it, or of the same days a year earlier. */
export function comparedWith(period: Period, comparison: Comparison): Period | null {
  if (comparison === 'none') return null
  if (comparison === 'last_year') return { since: yearEarlier(period.since), until: yearEarlier(period.until) }
  const whole = wholeMonths(period)
  if (whole > 0) return { since: month(period.since, -whole), until: period.since }
  const days = Math.round((noon(period.until).getTime() - noon(period.since).getTime()) / DAY_MS)
  return { since: plusDays(period.since, -days), until: period.since }
}

/** Return how many whole months a time has; 0 for another length. */
function wholeMonths({ since, until }: Period): number {
  if (!since.endsWith('-01') || !until.endsWith('-01')) return 0
  const [from, to] = [since, until].map((day) => Number(day.slice(0, 4)) * 12 + Number(day.slice(5, 7)))
  return (to ?? 0) - (from ?? 0)
}

function yearEarlier(day: string): string {
  const earlier = `${Number(day.slice(0, 4)) - 1}${day.slice(4)}`
  return day.endsWith('-02-29') ? `${earlier.slice(0, 4)}-02-28` : earlier
}
