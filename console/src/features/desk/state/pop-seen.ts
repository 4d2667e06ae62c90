import { watch } from 'vue'
import { useDesk } from '@/shared/socket/desk'

/** Tell the service when a pop was painted, not when it arrived: the phone rings after that. */
export function usePopSeen(): void {
  const desk = useDesk()
  watch(
    () => desk.link,
    (link) => {
      if (link === 'open') desk.send({ type: 'paints_pops' })
    },
    { immediate: true },
  )
  watch(
    () => [desk.pop?.id, desk.link] as const,
    ([id, link]) => {
      if (id === undefined || link !== 'open') return
      const seen = () => desk.send({ type: 'pop_seen', id })
      // A tab in the background paints nothing, and no caller waits for its agent to come back to it.
      if (document.hidden) seen()
      else requestAnimationFrame(() => setTimeout(seen))
    },
    { immediate: true, flush: 'post' },
  )
}
