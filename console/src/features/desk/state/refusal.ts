import { useI18n } from 'vue-i18n'

/** Return a function that words the refusal of a command in the page's language. */
export function useRefusalText(): (refusal: { problem: string; detail: string }) => string {
  const { t, te } = useI18n()
  return ({ problem, detail }) => {
    const key = `desk.refused.${problem}`
    return te(key) ? t(key) : detail
  }
}
