import { useMutation, useQuery, useQueryCache } from '@pinia/colada'
import { api, data, type Schemas } from '@/shared/api/client'

export type SavedView = Schemas['SavedViewView']

/** Views of a page: the own ones and those that are shared. */
export function useSavedViews(place: string) {
  const cache = useQueryCache()
  const key = ['saved-views', place]
  const again = () => void cache.invalidateQueries({ key })
  const views = useQuery({ key, query: () => data(api.GET('/api/v1/saved-views', { params: { query: { place } } })) })
  const save = useMutation({
    mutation: (given: { name: string; query: Record<string, string>; shared: boolean }) => data(api.POST('/api/v1/saved-views', { body: { place, ...given } })),
    onSettled: again,
  })
  const remove = useMutation({
    mutation: (view_id: string) => data(api.DELETE('/api/v1/saved-views/{view_id}', { params: { path: { view_id } } })),
    onSettled: again,
  })
  return { views, save, remove }
}

/** Return the filters of an address as a view stores them. */
export function storable(query: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.entries(query).filter((one): one is [string, string] => typeof one[1] === 'string' && one[1] !== ''))
}

/** Return whether an address shows a view. */
export function shows(query: Readonly<Record<string, unknown>>, view: SavedView): boolean {
  const now = storable(query)
  const names = Object.keys(view.query)
  return names.length === Object.keys(now).length && names.every((name) => now[name] === view.query[name])
}
