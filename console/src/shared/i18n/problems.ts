import { useI18n } from 'vue-i18n'
import { ApiProblem } from '@/shared/api/problems'

/** Return a function that says a problem in the page's language. */
export function useProblemText(): (problem: unknown) => string {
  const { t, te } = useI18n()
  return (problem) => {
    if (!(problem instanceof ApiProblem)) return t('shared.problem.other', { slug: 'internal', detail: '' })
    const key = `shared.problem.${problem.slug}`
    return te(key) ? t(key) : t('shared.problem.other', { slug: problem.slug, detail: problem.detail })
  }
}
