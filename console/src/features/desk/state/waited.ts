import { computed, ref, watch, type ComputedRef } from 'vue'
import { useDesk } from '@/shared/socket/desk'
import type { Pop } from '@/shared/socket/messages'

/** Return how long the pop's caller waited until the answer: null before it. Kept for the wrap-up, in which the call is gone. */
export function useWaited(pop: () => Pop | null): ComputedRef<number | null> {
  const desk = useDesk()
  const answered = ref<{ call: string; ms: number } | null>(null)
  watch(() => desk.call, (call) => {
    if (call !== null && typeof call.waited_ms === 'number') answered.value = { call: call.call_id, ms: call.waited_ms }
  }, { immediate: true })
  return computed(() => (answered.value !== null && answered.value.call === pop()?.call_id ? answered.value.ms : null))
}
