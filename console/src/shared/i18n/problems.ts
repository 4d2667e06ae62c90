import { useI18n } from 'vue-i18n'
import { ApiProblem, type FieldProblem } from '@/shared/api/problems'

/** Return a function that says a problem in the page's language. */
export function useProblemText(): (problem: unknown) => string {
  const { t, te } = useI18n()
  return (problem) => {
    if (!(problem instanceof ApiProblem)) return t('shared.problem.other', { slug: 'internal', detail: '' })
    const key = `shared.problem.${problem.slug}`
    return te(key) ? t(key) : t('shared.problem.other', { slug: problem.slug, detail: problem.detail })
  }
}

/** Return a function that says a field's broken rule: by its code where the service gives one. */
export function useRuleText(): (broken: FieldProblem) => string {
  const { t, te } = useI18n()
  return (broken) => {
    const key = `shared.rule.${broken.code ?? ''}`
    return broken.code !== undefined && te(key) ? t(key) : broken.rule
  }
}
