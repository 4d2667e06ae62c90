import { createI18n, type IntlDateTimeFormat, type LocaleMessages, type VueMessageType } from 'vue-i18n'

export type Language = 'zh-CN' | 'en'
export const LANGUAGES: readonly Language[] = ['zh-CN', 'en']

/** Words of a part of the console in one language. */
export interface Catalogue {
  [key: string]: string | Catalogue
}
type Loader = () => Promise<{ default: Catalogue }>

/** Return how times are written, in a zone or, without one, in the browser's. */
export function dateFormats(timeZone?: string): IntlDateTimeFormat {
  const zone = timeZone === undefined ? {} : { timeZone }
  const minutes = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const
  return {
    short: { month: '2-digit', day: '2-digit', ...minutes, ...zone },
    clock: { ...minutes, ...zone },
    day: { year: 'numeric', month: '2-digit', day: '2-digit', ...zone },
    visit: { month: '2-digit', day: '2-digit', weekday: 'short', ...minutes, ...zone },
    exact: { month: '2-digit', day: '2-digit', ...minutes, second: '2-digit', ...zone },
    long: { year: 'numeric', month: '2-digit', day: '2-digit', ...minutes, ...zone },
  }
}

export const i18n = createI18n({
  legacy: false,
  locale: 'zh-CN' as Language,
  fallbackLocale: false,
  datetimeFormats: { 'zh-CN': dateFormats(), en: dateFormats() },
  missingWarn: import.meta.env.DEV,
  fallbackWarn: false,
  messages: {} as Record<Language, LocaleMessages<VueMessageType>>,
})

const loaders = new Map<Language, Loader>()
const loaded = new Set<Language>()

/** Name where the words of each language come from. */
export function provideCatalogues(each: Record<Language, Loader>): void {
  for (const language of LANGUAGES) loaders.set(language, each[language])
}

/** Add the words of a part that come with its pages: an agent's first load has none of them. */
export function addWords(part: string, each: Record<Language, Catalogue>): void {
  for (const language of LANGUAGES) i18n.global.mergeLocaleMessage(language, { [part]: each[language] })
}

/** Show the pages in a language; its words are loaded when first asked for. */
export async function speak(language: Language): Promise<void> {
  const load = loaders.get(language)
  if (load !== undefined && !loaded.has(language)) {
    // Words that came with a page stay.
    i18n.global.mergeLocaleMessage(language, (await load()).default as LocaleMessages<VueMessageType>)
    loaded.add(language)
  }
  i18n.global.locale.value = language
  document.documentElement.lang = language
}

/** Return the half of bilingual words that the page's language needs; English ones begin with a capital. */
export function inLanguage(words: { zh: string; en: string }): string {
  return i18n.global.locale.value === 'en' ? words.en.charAt(0).toUpperCase() + words.en.slice(1) : words.zh
}
