/** Return the value that all have in common; null where they differ. */
export function common<T, V>(all: readonly T[], of: (one: T) => V): V | null {
  const [first, ...rest] = all.map(of)
  return first !== undefined && rest.every((value) => value === first) ? first : null
}
