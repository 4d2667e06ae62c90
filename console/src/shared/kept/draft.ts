/** What a person typed for an action on a ticket, and the version of the ticket that the person saw. */
export interface ActionDraft {
  version: number
  values: Record<string, string>
  /** How many photos were chosen: the browser does not keep them. */
  photos: number
}

const place = (ticketId: string, action: string) => `hotline.action.${ticketId}.${action}`
const openPlace = (ticketId: string) => `hotline.open.${ticketId}`

/** Return the words kept for an action; null without any. */
export function readDraft(ticketId: string, action: string): ActionDraft | null {
  const stored = JSON.parse(localStorage.getItem(place(ticketId, action)) ?? 'null') as Partial<ActionDraft> | null
  return typeof stored?.values === 'object' ? { version: 0, photos: 0, ...stored, values: stored.values } : null
}

export function keepDraft(ticketId: string, action: string, draft: ActionDraft): void {
  localStorage.setItem(place(ticketId, action), JSON.stringify(draft))
}

export function dropDraft(ticketId: string, action: string): void {
  localStorage.removeItem(place(ticketId, action))
}

/** Return the action whose form was open in this tab before it was loaded again. */
export function openForm(ticketId: string): string | null {
  return sessionStorage.getItem(openPlace(ticketId))
}

/** Note which form is open; null: none. */
export function noteForm(ticketId: string, action: string | null): void {
  if (action === null) sessionStorage.removeItem(openPlace(ticketId))
  else sessionStorage.setItem(openPlace(ticketId), action)
}
