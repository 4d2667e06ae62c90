import { useProblemText } from '@/shared/i18n/problems'
import { useToasts } from '@/shared/ui/toasts'

/** Return a function that waits for work and says a refusal; it returns whether the work was done. */
export function useTried(): (work: Promise<unknown>) => Promise<boolean> {
  const [toasts, problemText] = [useToasts(), useProblemText()]
  return async (work) => {
    try {
      await work
      return true
    } catch (refusal) {
      toasts.say(problemText(refusal), 'warning')
      return false
    }
  }
}
