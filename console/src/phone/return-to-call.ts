import { computed, watch } from 'vue'
import { useDesk } from '@/shared/socket/desk'
import { usePhone } from './index'

const AGAIN_MS = 1000
/** A network that only faltered brings the sound back by itself; a new ring would interrupt it once more. */
const FALTERS_MS = 1500

/** Bring the phone back after a reload, and into the call whose customer hears music because its voice is gone. */
export function useReturnToCall(): void {
  const [desk, phone] = [useDesk(), usePhone()]
  const own = computed(() => desk.link === 'open' && desk.state === 'talking' && desk.call?.role !== 'third')
  /** When the customer began to wait for this phone; again when a ring had no answer. */
  const awaited = computed(() => (own.value && desk.call?.state === 'away' ? desk.call.since_ms : null))
  let timer: ReturnType<typeof setTimeout> | undefined
  let returning = false

  async function resume(): Promise<void> {
    returning = true
    const resumed = await phone.resume()
    returning = false
    // A page that comes back may be faster than the service, which has not missed the voice yet.
    const silent = resumed && phone.state.call === null
    if (awaited.value !== null || (silent && own.value && desk.call?.state !== 'returning')) await back()
    // The page before was rung: this one is, too.
    else if (silent && desk.state === 'ringing') await phone.reconnect({ answers: false })
  }

  async function back(): Promise<void> {
    clearTimeout(timer)
    if (returning || phone.state.kind !== 'browser') return
    returning = true
    await phone.reconnect()
    returning = false
    if (awaited.value !== null) timer = setTimeout(() => void back(), AGAIN_MS)
  }

  watch(awaited, (since) => {
    clearTimeout(timer)
    if (since !== null) timer = setTimeout(() => void back(), phone.state.call === null ? 0 : FALTERS_MS)
  })
  watch(
    () => desk.link,
    (link) => {
      if (link === 'open') void resume()
    },
    { immediate: true },
  )
}
