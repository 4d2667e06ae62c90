import { useMutation, useQuery } from '@pinia/colada'
import { api, data, type Schemas } from '@/shared/api/client'
import { useReadAgain } from '@/shared/api/reading'
import { momentOf } from '@/shared/i18n/zone'

export type AreaNotice = Schemas['AreaNoticeView']
export type AreaNoticeInput = Schemas['AreaNoticeInput']

/** What a person typed. */
export interface Typed {
  area: string
  zh: string
  en: string
  from: string
  until: string
}

/** Return what was typed as the service takes it; without a beginning it holds from now on. */
export function asInput({ area, zh, en, from, until }: Typed): AreaNoticeInput {
  return { area, zh, en, ...(from === '' ? {} : { starts_at: momentOf(from) }), ends_at: momentOf(until) }
}

export function useNotices() {
  return useQuery({ key: ['area-notices'], query: () => data(api.GET('/api/v1/area-notices')) })
}

export function useNoticeActions() {
  const onSettled = useReadAgain('area-notices')
  const write = useMutation({ mutation: (body: AreaNoticeInput) => data(api.POST('/api/v1/area-notices', { body })), onSettled })
  const remove = useMutation({
    mutation: (id: string) => data(api.DELETE('/api/v1/area-notices/{notice_id}', { params: { path: { notice_id: id } } })),
    onSettled,
  })
  return { write, remove }
}
