import type { Series } from '@/shared/charts/chart'
import { valueOf, type Line, type Report } from './reports'

/** Lines that a chart can still tell apart. */
const MOST_SERIES = 6
const MOST_BARS = 20

interface Words {
  total: string
  before: string
  nameOf: (line: Line) => string
}

const weight = (lines: readonly Line[], figure: string) => lines.reduce((sum, line) => sum + (valueOf(line, figure) ?? 0), 0)

/** Return the values of a figure over all buckets, also those without a line. */
function values(lines: readonly Line[], { times }: Report, figure: string): (number | null)[] {
  const at = new Map(lines.map((line) => [line.since, valueOf(line, figure)]))
  return times.map(({ since }) => at.get(since) ?? null)
}

/** Return one series per group over all buckets; the groups with most come first, the rest is left to the table. */
export function seriesOf(report: Report, before: Report | undefined, figure: string, grouped: boolean, words: Words): Series[] {
  const groups = new Map<string, Line[]>()
  for (const line of report.lines) groups.set(line.key, [...(groups.get(line.key) ?? []), line])
  const chosen = [...groups.values()].toSorted((one, other) => weight(other, figure) - weight(one, figure)).slice(0, MOST_SERIES)
  const series = chosen.map((lines): Series => ({
    name: grouped && lines[0] !== undefined ? words.nameOf(lines[0]) : words.total,
    values: values(lines, report, figure),
  }))
  // The first bucket of one time stands over the first of the other, and so on.
  const compared = grouped || before === undefined ? [] : [{ name: words.before, values: values(before.lines, before, figure), before: true }]
  return [...series, ...compared]
}

/** Return groups side by side, for a time that is one bucket: the largest first. */
export function barsOf(lines: readonly Line[], figure: string, words: Words): { names: string[]; series: Series[] } {
  const ordered = [...lines].toSorted((one, other) => (valueOf(other, figure) ?? 0) - (valueOf(one, figure) ?? 0)).slice(0, MOST_BARS)
  return { names: ordered.map((line) => words.nameOf(line)), series: [{ name: words.total, values: ordered.map((line) => valueOf(line, figure)) }] }
}

/** Return for each line the one of the compared time: the same group, the bucket at the same place. */
export function paired(report: Report, before: Report): Map<Line, Line> {
  const places = new Map(before.times.map(({ since }, place) => [since, place]))
  const then = new Map(before.lines.map((line) => [`${places.get(line.since)} ${line.key}`, line]))
  const now = new Map(report.times.map(({ since }, place) => [since, place]))
  return new Map(
    report.lines.flatMap((line) => {
      const found = then.get(`${now.get(line.since)} ${line.key}`)
      return found === undefined ? [] : [[line, found] as const]
    }),
  )
}
