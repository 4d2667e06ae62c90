import { useQueryCache } from '@pinia/colada'

type Turn = <Result>(step: () => Promise<Result>) => Promise<Result>
const turns = new WeakMap<ReturnType<typeof useQueryCache>, Map<string, Promise<unknown>>>()

/**
 * Return a function that carries out one reading of a kind after the other.
 *
 * Two at once cancel each other: a list that is read again drops the next page that is on its way, and the other way round.
 */
export function useTurns(kind: string): Turn {
  const cache = useQueryCache()
  const last = turns.get(cache) ?? new Map<string, Promise<unknown>>()
  turns.set(cache, last)
  return (step) => {
    const mine = (last.get(kind) ?? Promise.resolve()).then(step)
    last.set(kind, mine.catch(() => undefined))
    return mine
  }
}

/**
 * Return a function that reads everything of one kind again.
 *
 * It never throws: what was done stays done, and a list that could not be read shows that itself.
 */
export function useReadAgain(kind: string): () => Promise<void> {
  const [cache, inTurn] = [useQueryCache(), useTurns(kind)]
  return async () => {
    await inTurn(() => cache.invalidateQueries({ key: [kind] })).catch(() => undefined)
  }
}
