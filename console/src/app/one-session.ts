import { watch } from 'vue'
import { useSession } from '@/shared/session/session'
import { useToasts } from '@/shared/ui/toasts'

const CHANNEL = 'hotline-session'

/** Keep the tabs of the browser at one session: they share its cookie. */
export function keepOneSession(): void {
  const [session, toasts] = [useSession(), useToasts()]
  const channel = new BroadcastChannel(CHANNEL)
  watch(
    () => session.who?.staff_id,
    (now) => {
      if (now === undefined) toasts.clear()
      // Also a page that only learnt who is signed in says so: for tabs that know it is no news.
      channel.postMessage(now ?? null)
    },
    { flush: 'sync' },
  )
  channel.addEventListener('message', ({ data }: MessageEvent<string | null>) => {
    if (session.who !== null && session.who.staff_id !== data) session.load(true).catch(() => session.forget())
  })
}
