const PLACE = 'hotline.rules'

/** Changed rules of the queues that are not in force yet: their text, and the version it began with. */
export interface RulesDraft {
  text: string
  follows: number
}

/** Return the changed rules that this tab keeps, or null. */
export function readRules(): RulesDraft | null {
  try {
    return JSON.parse(sessionStorage.getItem(PLACE) ?? 'null') as RulesDraft | null
  } catch {
    return null
  }
}

/** Keep changed rules while the tab is open; null forgets them. */
export function keepRules(draft: RulesDraft | null): void {
  if (draft === null) sessionStorage.removeItem(PLACE)
  else sessionStorage.setItem(PLACE, JSON.stringify(draft))
}
