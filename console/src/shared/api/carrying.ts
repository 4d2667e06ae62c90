import { computed, ref } from 'vue'
import { useProblemText } from '@/shared/i18n/problems'
import { useToasts } from '@/shared/ui/toasts'
import { ApiProblem } from './problems'
import { useReadAgain } from './reading'

/** Carry out changes of one kind: busy meanwhile, a refusal said beside the form, everything of the kind read again. */
export function useCarrying(kind: string) {
  const [readAgain, toasts, problemText] = [useReadAgain(kind), useToasts(), useProblemText()]
  const [busy, problem] = [ref(false), ref<unknown>(null)]
  const refused = computed(() => (problem.value === null ? '' : problemText(problem.value)))
  const wrong = (field: string) => (problem.value instanceof ApiProblem ? problem.value.rule(field) : '')

  /** Return whether it was done; after a refusal nothing typed is lost. */
  async function carry(work: () => Promise<unknown>, done = ''): Promise<boolean> {
    busy.value = true
    problem.value = null
    try {
      await work()
      if (done !== '') toasts.say(done, 'good')
      return true
    } catch (refusal) {
      problem.value = refusal
      return false
    } finally {
      busy.value = false
      await readAgain()
    }
  }

  return { carry, busy, refused, wrong }
}
