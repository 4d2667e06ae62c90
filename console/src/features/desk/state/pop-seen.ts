import { ref, watch, type Ref } from 'vue'
import { useDesk } from '@/shared/socket/desk'
import { afterPaint } from '@/shared/ui/paint'

/**
 * Tell the service when a pop was painted, not when it arrived: the phone rings after that.
 *
 * Returns whether the facts are on the screen: what can come a moment later, such as the form and the history, waits for them.
 */
export function usePopSeen(): Ref<boolean> {
  const desk = useDesk()
  const seen = ref(false)
  watch(
    () => desk.link,
    (link) => {
      if (link === 'open') desk.send({ type: 'paints_pops' })
    },
    { immediate: true },
  )
  watch(
    () => desk.pop?.call_id,
    () => (seen.value = false),
  )
  watch(
    () => [desk.pop?.id, desk.link] as const,
    ([id, link]) => {
      if (id === undefined) return
      // No caller waits for an agent to come back to a tab in the background.
      afterPaint(() => {
        seen.value = true
        if (link === 'open') desk.send({ type: 'pop_seen', id })
      })
    },
    { immediate: true, flush: 'post' },
  )
  return seen
}
