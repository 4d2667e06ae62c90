import { computed, watch } from 'vue'
import { useDesk } from '@/shared/socket/desk'
import { usePhone } from './index'

const AGAIN_MS = 1000
/** A network that only faltered brings the sound back by itself; a new ring would interrupt it once more. */
const FALTERS_MS = 1500

/** Bring the phone back after a reload, and into the call whose customer hears music because its voice is gone. */
export function useReturnToCall(): void {
  const [desk, phone] = [useDesk(), usePhone()]
  const inCall = computed(() => desk.link === 'open' && desk.state === 'talking' && desk.call !== null)
  const asked = computed(() => (desk.call?.role === 'third' ? desk.call.party : null))
  /** When the others began to wait for this phone; again when a ring had no answer. */
  const awaited = computed(() => {
    if (!inCall.value || desk.call === null) return null
    if (desk.call.role === 'third') return asked.value?.rings_again === false ? asked.value.away_since_ms : null
    return desk.call.state === 'away' ? desk.call.since_ms : null
  })
  const ringsAgain = computed(() => asked.value?.rings_again ?? desk.call?.state === 'returning')
  /** The page before was rung: this one is, too. */
  const wasRung = computed(() => desk.state === 'ringing' || (inCall.value && asked.value?.answered === false))
  let timer: ReturnType<typeof setTimeout> | undefined
  let returning = false

  async function resume(): Promise<void> {
    returning = true
    const resumed = await phone.resume()
    returning = false
    // A page that comes back may be faster than the service, which has not missed the voice yet.
    const silent = resumed && phone.state.call === null
    if (silent && wasRung.value) await phone.reconnect({ answers: false })
    else if (awaited.value !== null || (silent && inCall.value && !ringsAgain.value)) await back()
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
