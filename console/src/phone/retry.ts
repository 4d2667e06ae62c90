export const FIRST_PAUSE_MS = 500
export const LONGEST_PAUSE_MS = 8000

/** Return the pause before a try; pauses grow, and pages that lost the service together come back apart. */
export function pauseMs(tries: number, random: number = Math.random()): number {
  const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** tries)
  return Math.round(longest / 2 + (longest / 2) * random)
}
