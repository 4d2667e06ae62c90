/** Return the key of a telephone that was typed; null where the key means something else. */
export function dialled(event: KeyboardEvent): string | null {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return null
  const { target } = event
  // What is typed into a field is text.
  if (target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))) return null
  return /^[0-9*#]$/.test(event.key) ? event.key : null
}
