import { useQuery, useQueryCache } from '@pinia/colada'
import { toValue, type MaybeRefOrGetter } from 'vue'
import { api, data, type Schemas } from '@/shared/api/client'

export type ImportView = Schemas['ImportView']
type Status = ImportView['status']

const RUNNING: ReadonlySet<Status> = new Set(['reading', 'applying'])
const of = (import_id: string) => ({ path: { import_id } })

export const runs = (status: Status): boolean => RUNNING.has(status)

/** Latest imports, newest first. */
export function useImports() {
  return useQuery({ key: ['imports', 'list'], query: () => data(api.GET('/api/v1/customer-imports')), staleTime: 0 })
}

/** An import with its first rows, where one is named. */
export function useImport(id: MaybeRefOrGetter<string>) {
  return useQuery({
    key: () => ['imports', 'one', toValue(id)],
    query: () => data(api.GET('/api/v1/customer-imports/{import_id}', { params: of(toValue(id)) })),
    enabled: () => toValue(id) !== '',
    staleTime: 0,
  })
}

export const apply = (id: string) => data(api.POST('/api/v1/customer-imports/{import_id}/apply', { params: of(id) }))
export const giveUp = (id: string) => data(api.POST('/api/v1/customer-imports/{import_id}/cancel', { params: of(id) }))

/** Return a function that asks for all imports again. */
export function useImportsAgain(): () => void {
  const cache = useQueryCache()
  return () => void cache.invalidateQueries({ key: ['imports'] })
}

const quoted = (text: string | number) => `"${String(text).replaceAll('"', '""')}"`

/** Return errors as CSV: row, column, rule. */
export function errorsAsCsv(errors: ImportView['errors'], headings: readonly string[]): string {
  const lines = errors.map((one) => [one.row, one.column, one.rule].map(quoted).join(','))
  // Without the mark at its begin a spreadsheet reads Chinese in the wrong character set.
  return `\uFEFF${[headings.map(quoted).join(','), ...lines].join('\r\n')}\r\n`
}
