import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import { useDesk } from '@/shared/socket/desk'

/** The server's time, once a second for the whole page: a wrong clock of this machine does not matter. */
export const useNow = defineStore('now', () => {
  const tick = ref(Date.now())
  const desk = useDesk()
  const faces = new Map<() => void, () => boolean>()
  setInterval(() => {
    tick.value = Date.now()
    showAll()
  }, 1000)
  // What comes into view by scrolling shows its time at once.
  let asked = false
  document.addEventListener('scroll', () => {
    if (asked || faces.size === 0) return
    asked = true
    requestAnimationFrame(() => {
      asked = false
      showAll()
    })
  }, { capture: true, passive: true })
  const ms = computed(() => tick.value + desk.aheadMs)

  /** Show the clocks in view; all are looked at before the first is set, so that nothing is laid out in between. */
  function showAll(): void {
    const due = [...faces].filter(([, seen]) => seen())
    for (const [show] of due) show()
  }

  /** Have a clock shown each second while it is seen; returns how to end that. */
  function each(show: () => void, seen: () => boolean): () => void {
    faces.set(show, seen)
    return () => faces.delete(show)
  }
  return { ms, each }
})

const two = (value: number) => String(value).padStart(2, '0')

/** Return a length of time as a clock shows it. */
export function clockText(lengthMs: number): string {
  const seconds = Math.max(0, Math.round(lengthMs / 1000))
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${two(m)}:${two(s)}`
}
