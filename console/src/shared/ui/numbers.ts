/** Groups in which people read a telephone number out, by its form; the country is their own. */
const GROUPS: readonly [RegExp, string][] = [
  [/^(?:\+86)?(1\d{2})(\d{4})(\d{4})$/, '$1 $2 $3'],
  [/^\+86(10|2\d)(\d{4})(\d{4})$/, '0$1-$2$3'],
  [/^\+86([3-9]\d{2})(\d{7,8})$/, '0$1-$2'],
]

/** Return a telephone number as people write it; others stay as they came. */
export function spoken(number: string): string {
  const [main = '', extension] = number.split(';ext=')
  const [form, groups] = GROUPS.find(([one]) => one.test(main)) ?? [/^$/, '']
  return [main.replace(form, groups), ...(extension === undefined ? [] : [extension])].join('-')
}

/** Return a number for a screen that a room reads: its last four digits. */
export function lastDigits(number: string): string {
  const [main = ''] = number.split(';ext=')
  return main.length > 4 ? `••• ${main.slice(-4)}` : main
}

/** Return whether the service left out digits of a number. */
export const isMasked = (number: string): boolean => number.includes('*')

/** Return the link by which a device dials a number, with a pause before its extension. */
export const dialled = (number: string): string => `tel:${number.replace(/转|;ext=/, ',').replaceAll(/[^\d+,]/g, '')}`
