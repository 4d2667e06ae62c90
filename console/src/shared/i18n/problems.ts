import { useI18n } from 'vue-i18n'
import { ApiProblem } from '@/shared/api/problems'

/** Return a function that says a problem in the page's language; the service words its own refusals. */
export function useProblemText(): (problem: unknown) => string {
  const { t, te } = useI18n()
  return (problem) => {
    if (!(problem instanceof ApiProblem)) return t('shared.problem.other')
    const own = `shared.problem.${problem.slug}`
    return te(own) ? t(own) : problem.words
  }
}
