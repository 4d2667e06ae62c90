import { useQueryCache } from '@pinia/colada'

/**
 * Return a function that reads everything of one kind again.
 *
 * It never throws: what was done stays done, and a list that could not be read shows that itself.
 */
export function useReadAgain(kind: string): () => Promise<void> {
  const cache = useQueryCache()
  return async () => {
    await cache.invalidateQueries({ key: [kind] }).catch(() => undefined)
  }
}
