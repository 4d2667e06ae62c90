import type { Catalogue } from '@/shared/i18n/i18n'

/** Return the catalogues of all parts as one, each under its part's name. */
export function joined(found: Record<string, unknown>): Catalogue {
  return Object.fromEntries(
    Object.entries(found).map(([path, words]) => [path.replace('/words/', '/').split('/').at(-3) ?? path, words as Catalogue]),
  )
}
