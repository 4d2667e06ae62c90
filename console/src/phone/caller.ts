/** Return a caller's number as people read it. */
export function callerOf(user: string | null | undefined): string {
  return user === undefined || user === null || /^anonymous$/i.test(user) ? '' : user
}
