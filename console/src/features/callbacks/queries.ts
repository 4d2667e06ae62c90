import { useMutation, useQuery } from '@pinia/colada'
import { toValue, type MaybeRefOrGetter } from 'vue'
import { api, data, type Schemas } from '@/shared/api/client'
import { useReadAgain } from '@/shared/api/reading'

export type MissedCaller = Schemas['MissedCaller']
export type MissedResult = Schemas['MissedResult']

/** What can come of calling back, in the order of the buttons. */
export const RESULTS: readonly MissedResult[] = ['reached', 'not_reached', 'not_needed', 'wrong_number']

const PLAYABLE: ReadonlySet<Schemas['RecordingStatus']> = new Set(['sealed', 'partial'])

/** Callers who did not reach an agent, the longest waiting first. */
export function useMissedCallers(mine: MaybeRefOrGetter<boolean>) {
  return useQuery({
    key: () => ['missed-callers', toValue(mine)],
    query: () => data(api.GET('/api/v1/missed-callers', { params: { query: { mine: toValue(mine) } } })),
  })
}

const recordingsOf = (call_id: string) => data(api.GET('/api/v1/recordings', { params: { query: { call_id } } }))

/** Messages that a caller left in some calls, once they are wanted. */
export function useMessages(callIds: MaybeRefOrGetter<readonly string[]>, wanted: MaybeRefOrGetter<boolean>) {
  return useQuery({
    key: () => ['messages', ...toValue(callIds)],
    enabled: () => toValue(wanted),
    query: async () => {
      const found = await Promise.all(toValue(callIds).map(recordingsOf))
      return found.flat().filter((one) => one.kind === 'message' && PLAYABLE.has(one.status))
    },
  })
}

const path = (call_id: string) => ({ params: { path: { call_id } } })

/** Take a caller, give one back, store what came of it. */
export function useCallbackWork() {
  const onSettled = useReadAgain('missed-callers')
  const claim = useMutation({ mutation: (id: string) => data(api.POST('/api/v1/missed-callers/{call_id}/claim', path(id))), onSettled })
  const release = useMutation({ mutation: (id: string) => data(api.DELETE('/api/v1/missed-callers/{call_id}/claim', path(id))), onSettled })
  const finish = useMutation({
    mutation: (asked: { id: string; result: MissedResult; note: string }) =>
      data(api.POST('/api/v1/missed-callers/{call_id}/result', { ...path(asked.id), body: { result: asked.result, note: asked.note } })),
    onSettled,
  })
  return { claim, release, finish }
}

/** Return the holder of a missed caller: free, the signed-in agent, or another agent. */
export function holder(caller: Pick<MissedCaller, 'claimed_by'>, staffId: string | undefined): 'free' | 'mine' | 'other' {
  if (caller.claimed_by === null) return 'free'
  return caller.claimed_by === staffId ? 'mine' : 'other'
}
