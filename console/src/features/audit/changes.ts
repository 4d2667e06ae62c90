import { i18n } from '@/shared/i18n/i18n'

const HIDDEN = '***'

/** How values are put into words. */
export interface Words {
  yes: string
  no: string
  nothing: string
  hidden: string
  /** Name of a field. */
  field: (name: string) => string
  /** Value of a field that is a code or an id, else the text itself. */
  value: (field: string, text: string) => string
}

type Group = Readonly<Record<string, unknown>>
const isGroup = (value: unknown): value is Group => typeof value === 'object' && value !== null && !Array.isArray(value)
const isNothing = (value: unknown) => value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0)

const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/

/** Tell a moment with its zone from other texts. */
export const isMoment = (text: string) => MOMENT.test(text)

/** First of January 2024 was a Monday. */
const MONDAY = 1

/** Return the name of a weekday from its number, which may begin a longer text such as `1 08:30`; 1 is Monday. */
export function weekdayText(text: string): string {
  const found = /^([1-7])(?: (.+))?$/.exec(text)
  if (found === null) return text
  const format = new Intl.DateTimeFormat(i18n.global.locale.value, { weekday: 'long', timeZone: 'UTC' })
  const day = format.format(Date.UTC(2024, 0, MONDAY + Number(found[1]) - 1))
  return found[2] === undefined ? day : `${day} ${found[2]}`
}

/** Return a stored value as people read it. */
export function textOf(field: string, value: unknown, words: Words): string {
  if (isNothing(value)) return words.nothing
  if (value === HIDDEN) return words.hidden
  if (typeof value === 'boolean') return value ? words.yes : words.no
  if (Array.isArray(value)) return value.map((one) => textOf(field, one, words)).join(', ')
  if (!isGroup(value)) return words.value(field, String(value as string | number))
  const parts = Object.entries(value).filter(([, one]) => !isNothing(one))
  return parts.length === 0 ? words.nothing : parts.map(([name, one]) => `${words.field(name)}: ${textOf(name, one, words)}`).join('; ')
}

/** Lists with a line for each entry: they are long, and one entry changes. */
const LISTS: ReadonlySet<string> = new Set(['fields', 'shifts'])

/** Return a value line by line: a line for each part of a group, and for each group of a list. */
export function linesOf(field: string, value: unknown, words: Words): readonly string[] {
  if (LISTS.has(field) && Array.isArray(value) && value.length > 0) return value.map((one) => textOf(field, one, words))
  if (!isGroup(value)) return [textOf(field, value, words)]
  const lines = Object.entries(value).flatMap(([name, one]) =>
    Array.isArray(one) && one.some(isGroup)
      ? one.map((each) => `${words.field(name)}: ${textOf(name, each, words)}`)
      : isNothing(one) ? [] : [`${words.field(name)}: ${textOf(name, one, words)}`],
  )
  return lines.length === 0 ? [words.nothing] : lines
}

/** Return the lines of which one side has no like. */
export function onlyIn(these: readonly string[], those: readonly string[]): readonly string[] {
  return these.filter((line) => !those.includes(line))
}
