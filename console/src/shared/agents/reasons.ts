import { useQuery } from '@pinia/colada'
import { computed, type ComputedRef } from 'vue'
import { api, data, type Schemas } from '@/shared/api/client'
import { inLanguage } from '@/shared/i18n/i18n'
import { useNow } from '@/shared/ui/now'

type Reason = Schemas['PauseReasonView']

type Paused = { state: string; reason?: string | null; since_ms: number }

/** Reasons for which an agent takes no calls: those that people choose, and the words for all of them. */
export function useReasons(): {
  chosen: ComputedRef<Reason[]>
  reasonText: (code: string | null | undefined) => string
  longPause: (agent: Paused) => number | null
} {
  const reasons = useQuery({
    key: ['not-ready-reasons'],
    query: () => data(api.GET('/api/v1/not-ready-reasons')),
    staleTime: Number.POSITIVE_INFINITY,
  })
  const now = useNow()
  return {
    chosen: computed(() => (reasons.data.value ?? []).filter((reason) => reason.chosen)),
    reasonText: (code) => {
      if (code === null || code === undefined) return ''
      const found = reasons.data.value?.find((reason) => reason.code === code)
      return found === undefined ? code : inLanguage(found)
    },
    /** The limit in minutes that a pause is over; null while it is not. */
    longPause: ({ state, reason, since_ms }) => {
      if (state !== 'not_ready') return null
      const limit = reasons.data.value?.find((one) => one.code === reason)?.limit_minutes ?? null
      return limit !== null && now.ms - since_ms >= limit * 60_000 ? limit : null
    },
  }
}
