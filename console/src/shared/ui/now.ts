import { defineStore } from 'pinia'
import { computed, ref, type ComputedRef } from 'vue'
import { useDesk } from '@/shared/socket/desk'

/** The server's time, once a second for the whole page: a wrong clock of this machine does not matter. */
export const useNow = defineStore('now', () => {
  const tick = ref(Date.now())
  const desk = useDesk()
  setInterval(() => (tick.value = Date.now()), 1000)
  const ms = computed(() => tick.value + desk.aheadMs)
  return { ms }
})

const two = (value: number) => String(value).padStart(2, '0')

/** Return a length of time as a clock shows it. */
export function clockText(lengthMs: number): string {
  const seconds = Math.max(0, Math.round(lengthMs / 1000))
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${two(m)}:${two(s)}`
}

/** Return the time since a moment, or until it. */
export function useClock(moment: () => number | null | undefined, direction: 'since' | 'until' = 'since'): ComputedRef<string> {
  const now = useNow()
  return computed(() => {
    const at = moment()
    if (at === null || at === undefined) return ''
    return clockText(direction === 'since' ? now.ms - at : at - now.ms)
  })
}
