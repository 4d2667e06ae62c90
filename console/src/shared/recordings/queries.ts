import { useQuery } from '@pinia/colada'
import { toValue, type MaybeRefOrGetter } from 'vue'
import { api, data, type Schemas } from '@/shared/api/client'

export type RecordingView = Schemas['RecordingView']

/** Recordings of a ticket, or of a call. */
export function useRecordings(of: MaybeRefOrGetter<{ ticket_id: string } | { call_id: string }>, enabled: () => boolean = () => true) {
  return useQuery({
    key: () => ['recordings', { ...toValue(of) }],
    query: () => data(api.GET('/api/v1/recordings', { params: { query: toValue(of) } })),
    enabled,
  })
}

export function usePeaks(id: MaybeRefOrGetter<string>, enabled: () => boolean) {
  return useQuery({
    key: () => ['recordings', 'peaks', toValue(id)],
    query: () => data(api.GET('/api/v1/recordings/{recording_id}/peaks', { params: { path: { recording_id: toValue(id) } } })),
    enabled,
    staleTime: Number.POSITIVE_INFINITY,
  })
}

/** Return whether there is a file to play. */
export function playable(recording: Pick<RecordingView, 'status'>): boolean {
  return recording.status === 'sealed' || recording.status === 'partial'
}
