import { ref } from 'vue'
import { dateFormats, i18n, LANGUAGES } from './i18n'

/** Zone of the organisation; undefined until a session names it, as on the page to sign in. */
const zone = ref<string>()

/** Show and read every time in the organisation's zone, wherever the browser stands. */
export function useZone(name: string): void {
  if (name === zone.value) return
  zone.value = name
  for (const language of LANGUAGES) i18n.global.setDateTimeFormat(language, dateFormats(name))
}

/** Return a moment as a field for day and time shows it: the wall clock of the organisation, `2026-11-29T11:00`. */
export function wallClock(ms: number): string {
  const parts = new Intl.DateTimeFormat('en', {
    year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23',
    ...(zone.value === undefined ? {} : { timeZone: zone.value }),
  }).formatToParts(ms)
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.find((one) => one.type === type)?.value ?? ''
  return `${part('year')}-${part('month')}-${part('day')}T${part('hour')}:${part('minute')}`
}

/** Return the day of the organisation's calendar, `2026-11-29`. */
export function dayOf(ms: number): string {
  return wallClock(ms).slice(0, 10)
}

/** How far the wall clock is before UTC at a moment. */
const off = (ms: number) => Date.parse(`${wallClock(ms)}Z`) - Math.floor(ms / 60_000) * 60_000

/** Return the moment that a field for day and time names. */
export function momentOf(text: string): string {
  const wanted = Date.parse(`${text}Z`)
  // The second step is for the days on which a zone changes its clock.
  const near = wanted - off(wanted)
  return new Date(wanted - off(near)).toISOString()
}
