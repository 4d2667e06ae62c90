import { useQuery } from '@pinia/colada'
import { computed, ref, toValue, type MaybeRefOrGetter } from 'vue'
import { api, data, type Schemas } from '@/shared/api/client'
import { momentOf, wallClock } from '@/shared/i18n/zone'
import { useDesk } from '@/shared/socket/desk'

export type Outcome = Schemas['OutgoingOutcome']

export const OUTCOMES: readonly Outcome[] = ['reached', 'busy', 'no_answer', 'unreachable', 'wrong_number', 'call_again']
const NEWEST = 5
const HOUR_MS = 3_600_000

/** The agent's own call that is over or goes on: what the service saw, and what the agent says of it. */
export function useOutcome(callId: MaybeRefOrGetter<string>) {
  const desk = useDesk()
  const calls = useQuery({
    key: () => ['outgoing-calls', toValue(callId)],
    query: () => data(api.GET('/api/v1/outgoing-calls', { params: { query: { limit: NEWEST } } })),
  })
  const stored = computed(() => calls.data.value?.find((one) => one.call_id === toValue(callId)) ?? null)
  /** The service stores a call when it is over; until then the desk knows it. */
  const call = computed(() => stored.value ?? (desk.made?.call_id === toValue(callId) ? desk.made : null))
  const chosen = ref<Outcome | null>(null)
  const problem = ref<unknown>(null)
  /** What the agent said, else what the service saw, where that is one of the choices. */
  const said = computed<string | null>(() => chosen.value ?? stored.value?.outcome ?? call.value?.result ?? null)

  async function store(outcome: Outcome, again: string): Promise<boolean> {
    problem.value = null
    const call_again_at = outcome === 'call_again' ? momentOf(again) : null
    try {
      await data(api.POST('/api/v1/calls/{call_id}/outcome', { params: { path: { call_id: toValue(callId) } }, body: { outcome, call_again_at } }))
      chosen.value = outcome
      return true
    } catch (refusal) {
      problem.value = refusal
      return false
    }
  }

  return { call, said, problem, store }
}

/** Return the next full hour as a field for day and time shows it. */
export function nextHour(nowMs: number): string {
  return wallClock(Math.ceil((nowMs + 1) / HOUR_MS) * HOUR_MS)
}
