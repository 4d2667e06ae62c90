import { useMutation, useQuery } from '@pinia/colada'
import { api, data, type Schemas } from '@/shared/api/client'

/** Versions of the queues' document, newest first; a number that is open is read with its text. */
export function useDocuments(open: () => number | null) {
  const versions = useQuery({ key: ['queue-documents'], query: () => data(api.GET('/api/v1/queue-documents')) })
  const opened = useQuery({
    key: () => ['queue-document', open()],
    enabled: () => open() !== null,
    query: () => data(api.GET('/api/v1/queue-documents/{version}', { params: { path: { version: String(open() ?? 0) } } })),
  })
  const check = useMutation({ mutation: (text: string) => data(api.POST('/api/v1/queue-documents/check', { body: { text } })) })
  const save = useMutation({
    mutation: (body: Schemas['DocumentInput']) => data(api.POST('/api/v1/queue-documents', { body })),
    onSettled: async () => void (await versions.refetch()),
  })
  return { versions, opened, check, save }
}

/** Return where a line begins and ends in a text, to be selected. */
export function placeOf(text: string, line: number): [number, number] {
  const lines = text.split('\n')
  const from = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0)
  return [from, from + (lines[line - 1]?.length ?? 0)]
}
