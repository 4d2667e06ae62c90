import type { AgentState, CallChanged } from '@/shared/socket/messages'

/** How the bar of a call looks: what the agent has to do next. */
export type BarStage = 'ringing' | 'talking' | 'held' | 'away' | 'wrap_up' | 'over'

const APART: ReadonlySet<string> = new Set(['held', 'swapped', 'consult_ringing', 'consulting', 'parked', 'transferring'])

/** Return the stage of the agent's call, from the agent's state and the call's. */
export function stageOf(agent: AgentState, call: CallChanged | null, rings = false): BarStage {
  if (agent === 'reserved' || agent === 'ringing') return 'ringing'
  if (agent === 'wrap_up') return 'wrap_up'
  if (agent !== 'talking') return 'over'
  if (call?.state === 'away' || call?.state === 'returning') return 'away'
  // One who is rung for a consultation or a transfer counts as talking already.
  if (rings || (call?.role === 'third' && call.party?.answered === false)) return 'ringing'
  return APART.has(call?.state ?? '') ? 'held' : 'talking'
}
