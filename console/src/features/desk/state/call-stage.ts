import type { AgentState, CallChanged, Pop } from '@/shared/socket/messages'

/** How the bar of a call looks: what the agent has to do next. */
export type BarStage = 'ringing' | 'dialling' | 'talking' | 'held' | 'away' | 'wrap_up' | 'over'

const APART: ReadonlySet<string> = new Set(['held', 'swapped', 'consult_ringing', 'consulting', 'parked', 'transferring'])

/** Return whether this agent made the call. */
export function isOwn(call: CallChanged | null): boolean {
  return call !== null && call.direction !== undefined && call.direction !== 'inbound' && call.role === 'agent'
}

/** Return whether an agent called the one whom a pop shows: such a call came by no queue, and the pop outlives the call. */
export function madeByAgent(pop: Pop, call: CallChanged | null): boolean {
  return pop.queue === '' && call?.role !== 'called'
}

/** Return the stage of the agent's call, from the agent's state and the call's. */
export function stageOf(agent: AgentState, call: CallChanged | null, rings = false): BarStage {
  if (isOwn(call) && call?.state === null && !call.over) return 'dialling'
  if (agent === 'reserved' || agent === 'ringing') return 'ringing'
  if (agent === 'wrap_up') return 'wrap_up'
  if (agent !== 'talking') return 'over'
  if (call?.state === 'away' || call?.state === 'returning') return 'away'
  // One who is rung for a consultation or a transfer counts as talking already.
  if (rings || (call?.role === 'third' && call.party?.answered === false)) return 'ringing'
  return APART.has(call?.state ?? '') ? 'held' : 'talking'
}
