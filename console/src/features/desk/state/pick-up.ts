import { computed, onScopeDispose, ref, type ComputedRef, type Ref } from 'vue'
import type { Schemas } from '@/shared/api/client'
import { useProblemText } from '@/shared/i18n/problems'
import { useDesk } from '@/shared/socket/desk'
import { useToasts } from '@/shared/ui/toasts'
import { pickUp, useLiveCalls } from '../queries'

type LiveCall = Schemas['LiveCallView']

const REFRESH_MS = 3000
const IN_LINE: ReadonlySet<string> = new Set(['queued', 'ringing'])

/** When the caller began to wait here, as the queue counts it: parked calls count from then. */
export function waitsSince(call: LiveCall): number {
  return call.held_since_ms ?? Date.parse(call.queued_at ?? call.started_at)
}

/** Return the calls that an agent may take: parked, or in line in one of the agent's queues; the longest wait first. */
export function takeable(calls: readonly LiveCall[]): LiveCall[] {
  return calls
    .filter((one) => one.state === 'parked' || (one.state === null && one.queue !== null && IN_LINE.has(one.stage)))
    .toSorted((one, other) => waitsSince(one) - waitsSince(other))
}

/** Calls that the agent may take while free, and how to take one. */
export function usePickUp(): { calls: ComputedRef<LiveCall[]>; busy: Ref<boolean>; take: (call: LiveCall | undefined) => Promise<void> } {
  const [desk, toasts, problemText] = [useDesk(), useToasts(), useProblemText()]
  const free = computed(() => desk.link === 'open' && (desk.state === 'ready' || desk.state === 'not_ready'))
  const live = useLiveCalls(free)
  const busy = ref(false)
  const timer = setInterval(() => void (free.value && live.refresh()), REFRESH_MS)
  onScopeDispose(() => clearInterval(timer))
  const calls = computed(() => (free.value ? takeable(live.data.value ?? []) : []))

  async function take(call: LiveCall | undefined): Promise<void> {
    if (call === undefined || busy.value) return
    busy.value = true
    try {
      await pickUp(call.call_id)
    } catch (refusal) {
      toasts.say(problemText(refusal), 'warning')
      void live.refetch()
    } finally {
      busy.value = false
    }
  }

  return { calls, busy, take }
}
