/** Result of one of several: done, or why not. */
export interface Outcome<T> {
  one: T
  problem: unknown
}

/** Do the same to several, one after the other: a refusal of one does not stop the others. */
export async function several<T>(all: readonly T[], work: (one: T) => Promise<unknown>): Promise<Outcome<T>[]> {
  const outcomes: Outcome<T>[] = []
  for (const one of all) {
    try {
      // Each has its own result; the service takes one at a time.
      // oxlint-disable-next-line no-await-in-loop
      await work(one)
      outcomes.push({ one, problem: null })
    } catch (problem) {
      outcomes.push({ one, problem })
    }
  }
  return outcomes
}

/** Return the value that all have in common; null where they differ. */
export function common<T, V>(all: readonly T[], of: (one: T) => V): V | null {
  const [first, ...rest] = all.map(of)
  return first !== undefined && rest.every((value) => value === first) ? first : null
}
