import type { LocationQuery } from 'vue-router'
import type { Schemas } from '@/shared/api/client'
import type { Figure } from '@/shared/rules/figures'
import { comparedWith, COMPARISONS, periodOf, type Comparison, type Period } from './periods'

export type CallLine = Schemas['CallLine']
export type AgentLine = Schemas['AgentLine']
export type TicketLine = Schemas['TicketLine']
export type FlowLine = Schemas['FlowLine']
export type CallBackLine = Schemas['CallBackLine']
export type RescueLine = Schemas['RescueLine']
export type ResultLine = Schemas['ResultLine']
export type Line = ResultLine | CallLine | AgentLine | TicketLine | FlowLine | CallBackLine | RescueLine
/** Buckets without calls or tickets have no line; `times` has all of them. */
export interface Report {
  lines: Line[]
  times: Schemas['Bucket'][]
  time_zone: string
}
export type By = 'half_hour' | 'hour' | 'day' | 'week' | 'month' | 'quarter' | 'year' | 'whole'
export const SUBJECTS = ['calls', 'agents', 'tickets', 'flows', 'callbacks', 'rescue', 'results'] as const
export type Subject = (typeof SUBJECTS)[number]

export const BYS: readonly By[] = ['half_hour', 'hour', 'day', 'week', 'month', 'quarter', 'year', 'whole']
export const GROUPS = {
  calls: ['none', 'queue', 'agent', 'team', 'access_number'],
  agents: ['agent', 'team'],
  tickets: ['none', 'kind', 'channel', 'category', 'area', 'department'],
  flows: ['flow'],
  callbacks: ['none', 'queue'],
  rescue: ['none', 'queue', 'reason'],
  results: ['none', 'queue'],
} as const
export type Group = (typeof GROUPS)[Subject][number]

/** Figure that a chart draws at first. */
export const FIRST: Record<Subject, string> = { calls: 'offered', agents: 'occupancy', tickets: 'registered', flows: 'entered', callbacks: 'asked', rescue: 'people', results: 'calls' }

/** What a page asks for: all of it stands in its address. */
export interface Question extends Period {
  of: Subject
  by: By
  group: Group
  figure: string
  compare: Comparison
  within_s: number
  short_s: number
}

const DAY = /^\d{4}-\d{2}-\d{2}$/
const one = <T extends string>(value: unknown, known: readonly T[], usual: T): T => known.find((it) => it === value) ?? usual
const number = (value: unknown, least: number, usual: number) => (/^\d{1,4}$/.test(String(value)) && Number(value) >= least ? Number(value) : usual)

const day = (value: unknown, other: string) => (typeof value === 'string' && DAY.test(value) ? value : other)

/** Return what an address asks for. */
export function questionOf(query: LocationQuery, today: string): Question {
  const of = one(query.of, SUBJECTS, 'calls')
  const usual = periodOf('today', today)
  const figure = typeof query.figure === 'string' ? query.figure : FIRST[of]
  return {
    of,
    since: day(query.since, usual.since),
    until: day(query.until, usual.until),
    by: one(query.by, BYS, of === 'agents' ? 'day' : 'hour'),
    group: one<Group>(query.group, GROUPS[of], GROUPS[of][0]),
    figure,
    compare: one(query.compare, COMPARISONS, 'none'),
    within_s: number(query.within_s, 1, 20),
    short_s: number(query.short_s, 0, 5),
  }
}

/** Return the length of buckets that suits a time. */
export function suitingBy({ since, until }: Period): By {
  const days = (Date.parse(until) - Date.parse(since)) / 86_400_000
  return days <= 2 ? 'hour' : days <= 62 ? 'day' : 'month'
}

export function comparisonOf(question: Question): Period | null {
  return comparedWith(question, question.compare)
}

/** Return a line's figure by name. */
export function valueOf(line: Line, figure: string): number | null {
  const value = (line as unknown as Record<string, unknown>)[figure]
  return typeof value === 'number' ? value : null
}

const signed = (n: number) => `${n > 0 ? '+' : n < 0 ? '−' : '±'}${Math.abs(n).toFixed(1)}`

/** Return the difference to the compared time in percent of it, or in points for shares; empty without a base. */
export function changeText(figure: Pick<Figure, 'unit'>, now: number | null, before: number | null): string {
  if (now === null || before === null) return ''
  if (figure.unit === 'percent') return `${signed(now - before)} pt`
  return before === 0 ? '' : `${signed((100 * (now - before)) / before)} %`
}

/** Return the filters of the list behind a figure; nothing where no list has exactly its members. */
export function listBehind(question: Question, line: Line, figure: string): Record<string, string> | null {
  if ('result' in line) {
    const of = line.queue === '' ? {} : { queue: line.queue }
    return figure === 'calls' ? { of: 'calls', direction: 'inbound', queued: 'true', outcome: 'answered', ...of, result: line.result, since: line.since, until: line.until } : null
  }
  // Lists are asked for one agent, not for a team.
  if ((question.of !== 'calls' && question.of !== 'tickets') || question.group === 'team') return null
  const members = question.of === 'calls' ? callsBehind(figure, question) : ticketsBehind(figure)
  if (members === null) return null
  const field: Partial<Record<Group, string>> = { agent: 'agent_id', category: 'category_id', department: 'department_id' }
  // Tickets without a category, area or department cannot be asked for.
  if (question.of === 'tickets' && question.group !== 'none' && line.key === '') return null
  const key = question.group === 'none' ? {} : { [field[question.group] ?? question.group]: line.key }
  return { of: question.of, ...members, ...key, since: line.since, until: line.until }
}

function callsBehind(figure: string, question: Question): Record<string, string> | null {
  const queued = { direction: 'inbound', queued: 'true' }
  const [answered, abandoned] = [{ ...queued, outcome: 'answered' }, { ...queued, outcome: 'abandoned' }]
  const members: Record<string, Record<string, string>> = {
    incoming: { direction: 'inbound' },
    offered: queued,
    answered,
    abandoned,
    short_abandoned: { ...abandoned, wait_below_ms: String(question.short_s * 1000) },
    answered_in_15_s: { ...answered, wait_at_most_ms: '15000' },
    answered_in_20_s: { ...answered, wait_at_most_ms: '20000' },
    answered_within: { ...answered, wait_at_most_ms: String(question.within_s * 1000) },
    abandoned_within: { ...abandoned, wait_at_most_ms: String(question.within_s * 1000) },
    talks: { outcome: 'answered' },
    dialled: { direction: 'outbound', outcome: 'answered' },
  }
  return members[figure] ?? null
}

function ticketsBehind(figure: string): Record<string, string> | null {
  return figure === 'registered' ? {} : figure === 'closed' ? { status: 'archived' } : null
}
