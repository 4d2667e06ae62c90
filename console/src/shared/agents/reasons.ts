import { useQuery } from '@pinia/colada'
import { computed, type ComputedRef } from 'vue'
import { api, data, type Schemas } from '@/shared/api/client'
import { i18n, inLanguage } from '@/shared/i18n/i18n'

type Reason = Schemas['PauseReasonView']

/** Reasons for which an agent takes no calls: those that people choose, and the words for all of them. */
export function useReasons(): { chosen: ComputedRef<Reason[]>; reasonText: (code: string | null | undefined) => string } {
  const reasons = useQuery({
    key: ['not-ready-reasons'],
    query: () => data(api.GET('/api/v1/not-ready-reasons')),
    staleTime: Number.POSITIVE_INFINITY,
  })
  const { t } = i18n.global
  return {
    chosen: computed(() => (reasons.data.value ?? []).filter((reason) => reason.chosen)),
    reasonText: (code) => {
      if (code === null || code === undefined) return ''
      if (code === 'signed_in') return t('shared.just_signed_in')
      const found = reasons.data.value?.find((reason) => reason.code === code)
      return found === undefined ? code : inLanguage(found)
    },
  }
}
