import { ref, watch, type Ref } from 'vue'
import { useDesk } from '@/shared/socket/desk'

/**
 * Tell the service when a pop was painted, not when it arrived: the phone rings after that.
 *
 * Returns whether the facts are on the screen: what can come a moment later, such as the form, waits for them.
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
      const tell = () => {
        seen.value = true
        if (link === 'open') desk.send({ type: 'pop_seen', id })
      }
      // A tab in the background paints nothing, and no caller waits for its agent to come back to it.
      if (document.hidden) tell()
      else requestAnimationFrame(() => setTimeout(tell))
    },
    { immediate: true, flush: 'post' },
  )
  return seen
}
