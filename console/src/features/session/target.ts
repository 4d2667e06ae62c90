/** Return where to go after signing in: a page of this console, never another address. */
export function target(asked: unknown): string {
  return typeof asked === 'string' && /^\/(?![/\\])/.test(asked) ? asked : '/'
}
