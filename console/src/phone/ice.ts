/** How long a description waits for further candidates after the first one. */
export const GATHERING_MS = 300

/**
 * Return a listener for candidates that ends the gathering `GATHERING_MS` after the first one.
 *
 * A server for addresses that does not respond would otherwise delay each answer by many seconds.
 */
export function gatheringCut(
  after: (work: () => void, ms: number) => unknown = setTimeout,
): (candidate: { ready: () => void }) => void {
  let begun = false
  return ({ ready }) => {
    if (begun) return
    begun = true
    after(ready, GATHERING_MS)
  }
}
