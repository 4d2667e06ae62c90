import type { AgentState, AlertFigure, BoardCall, OpenAlert, Presence, QueueState } from '@/shared/socket/messages'
import type { Tone } from '@/shared/ui/UiTag.vue'

/** States of agents from the one that wants a supervisor's eye to the one that does not. */
export const ORDER: readonly AgentState[] = ['talking', 'ringing', 'reserved', 'wrap_up', 'ready', 'not_ready', 'offline']

const TONES: Record<AgentState, Tone> = {
  talking: 'busy',
  ringing: 'busy',
  reserved: 'busy',
  wrap_up: 'warn',
  ready: 'good',
  not_ready: 'plain',
  offline: 'plain',
}

export function agentTone(state: AgentState): Tone {
  return TONES[state]
}

/** Words of an agent's row in the page's language. */
export interface AgentWords extends Record<'state' | 'reason' | 'queues' | 'skills' | 'change', (agent: Presence) => string> {
  button: () => string
}

const RANKS = new Map(ORDER.map((state, rank) => [state, rank]))
const rankOf = ({ state }: Presence): number => RANKS.get(state) ?? ORDER.length

/** Return agents by state, in the same state the longest first. */
export function sorted(agents: Iterable<Presence>): Presence[] {
  return [...agents].toSorted((one, other) => rankOf(one) - rankOf(other) || one.since_ms - other.since_ms)
}

/** Return the number of agents in each state; states without agents are left out. */
export function counted(agents: Iterable<Presence>): [AgentState, number][] {
  const counts = new Map<AgentState, number>()
  for (const agent of agents) counts.set(agent.state, (counts.get(agent.state) ?? 0) + 1)
  return ORDER.flatMap((state) => (counts.has(state) ? [[state, counts.get(state) ?? 0]] : []))
}

/** Return the agents of queues who are not signed in, by name. */
export function signedOut<One extends { id: string; name: string; role: string; active: boolean; queues: string[] }>(accounts: readonly One[], signedIn: ReadonlyMap<string, unknown>): One[] {
  return accounts
    .filter((one) => one.role === 'agent' && one.active && one.queues.length > 0 && !signedIn.has(one.id))
    .toSorted((one, other) => one.name.localeCompare(other.name, 'zh-CN'))
}

/** Return how a queue looks now: callers without a free agent are a warning, a long wait an alarm. */
export function queueTone(queue: QueueState, nowMs: number): Tone {
  if (queue.oldest_ms !== null && nowMs - queue.oldest_ms > 60_000) return 'bad'
  if (queue.waiting > 0) return 'warn'
  return (queue.agents['ready'] ?? 0) > 0 ? 'good' : 'plain'
}

/** Figures that have thresholds, in the order of the page. */
export const FIGURES: readonly AlertFigure[] = ['waiting', 'longest_wait_s', 'level', 'long_pauses']

export type Order = 'listen' | 'whisper' | 'barge' | 'take-over' | 'leave' | 'pull'

/** Return conversations and waiting callers, the longest first; calls in a menu want no supervisor. */
export function shownCalls(calls: Iterable<BoardCall>): BoardCall[] {
  return [...calls].filter((call) => call.stage !== 'flow').toSorted((one, other) => one.since_ms - other.since_ms)
}

/** Return the agents of a call by name; in a conversation of three there are two. */
export function agentsOf(call: BoardCall, agents: ReadonlyMap<string, Presence>): string {
  const ids = [call.agent_id, call.third_agent_id].filter((id) => id !== null && id !== undefined)
  return ids.map((id) => agents.get(id)?.name ?? '').filter(Boolean).join(' + ')
}

/** Return what a supervisor may order about a call; the service has the last word. */
export function ordersOf(call: BoardCall, staffId: string | undefined): Order[] {
  if (call.stage === 'queued') return ['pull']
  if (call.stage !== 'talking' || call.agent_id === null || call.agent_id === staffId) return []
  const mode = call.supervisor?.mode
  if (mode === undefined) return ['listen', 'whisper', 'barge', 'take-over']
  if (call.supervisor?.staff_id !== staffId) return []
  return [...(['listen', 'whisper', 'barge'] as const).filter((one) => one !== mode), 'take-over', 'leave']
}

/** Return the alerts that were not there before. */
export function begun(now: readonly OpenAlert[], before: readonly OpenAlert[]): OpenAlert[] {
  const known = new Set(before.map((alert) => alert.id))
  return now.filter((alert) => !known.has(alert.id))
}

/** Return the figure of an open alert as it is now; undefined where it has no value, as a level without calls. */
export function valueNow(alert: OpenAlert, queue: QueueState | undefined, level: number | null | undefined, nowMs: number, longPauses = 0): number | undefined {
  if (alert.figure === 'long_pauses') return longPauses
  if (alert.figure === 'level') return level ?? undefined
  if (queue === undefined) return undefined
  if (alert.figure === 'waiting') return queue.waiting
  return queue.oldest_ms === null ? 0 : Math.max(0, Math.floor((nowMs - queue.oldest_ms) / 1000))
}

/** Return a number of an alert as it is read: the service level is a share. */
export function figureText(figure: AlertFigure, value: number): string {
  return figure === 'level' ? `${value} %` : String(value)
}

/** Field of a threshold. */
export interface Field {
  queue: string
  figure: AlertFigure
}

export function isField(one: Field, other: Field): boolean {
  return one.queue === other.queue && one.figure === other.figure
}

/** Threshold that the service did not take, and why. */
export interface Refused extends Field {
  bound: number
  rule: string
}
