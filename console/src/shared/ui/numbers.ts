/** Return a telephone number in the groups in which people read it out; others stay as they came. */
export function spoken(number: string): string {
  const mobile = /^\+?(?:86)?(1\d{2})(\d{4})(\d{4})$/.exec(number)
  return mobile === null ? number : mobile.slice(1).join(' ')
}
