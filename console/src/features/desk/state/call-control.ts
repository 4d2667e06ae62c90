import { computed } from 'vue'
import { onceKey } from '@/shared/api/client'
import { useDesk } from '@/shared/socket/desk'
import type { CallAction, ControlCall } from '@/shared/socket/messages'

/** Actions that a button alone carries out, in the order of the bar; the others ask something first. */
export const PLAIN_ACTIONS: readonly CallAction[] = [
  'reconnect', 'resume', 'hold', 'swap', 'complete', 'three_party', 'cancel', 'leave',
  'unmute', 'mute', 'resume_recording', 'pause_recording', 'park', 'hang_up',
]

/** The agent's own call: what the server says may be done with it, and how to ask for that. */
export function useCallControl() {
  const desk = useDesk()
  const may = computed<ReadonlySet<CallAction>>(() => new Set(desk.call?.may))
  const plain = computed(() => PLAIN_ACTIONS.filter((action) => may.value.has(action)))

  /** Ask for an action; return whether the question went out. The answer is a new state, or a refusal. */
  function act(action: CallAction, details: Omit<Partial<ControlCall>, 'type' | 'action' | 'key'> = {}): boolean {
    return may.value.has(action) && desk.send({ type: 'call_command', action, key: onceKey(), ...details })
  }

  /** Carry out the first of these that may be done now; for keys that switch. */
  function first(...actions: CallAction[]): boolean {
    const action = actions.find((one) => may.value.has(one))
    return action !== undefined && act(action)
  }

  return { may, plain, act, first }
}
