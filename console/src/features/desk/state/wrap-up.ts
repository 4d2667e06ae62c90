import { watch } from 'vue'
import { useI18n } from 'vue-i18n'
import { useDesk } from '@/shared/socket/desk'
import { useNow } from '@/shared/ui/now'
import { useToasts } from '@/shared/ui/toasts'
import { useTicketDraft } from './ticket-draft'

const BEFORE_MS = 10_000
const LONGER_S = 60

/** Ask for a longer wrap-up before it ends under a form that is not sent, and say so. */
export function useUnsentForm(): void {
  const { t } = useI18n()
  const [desk, work, now, toasts] = [useDesk(), useTicketDraft(), useNow(), useToasts()]
  let asked = 0
  watch(
    () => now.ms,
    (ms) => {
      const until = desk.own?.until_ms ?? null
      if (desk.state !== 'wrap_up' || until === null || until === asked || until - ms > BEFORE_MS || !work.waits) return
      asked = until
      if (desk.send({ type: 'extend_wrap_up', seconds: LONGER_S })) toasts.say(t('desk.wrap_up_longer'), 'warning')
    },
  )
}
