import { ref } from 'vue'
import { ApiProblem } from '@/shared/api/problems'
import { useReadAgain } from '@/shared/api/reading'
import { useProblemText } from '@/shared/i18n/problems'
import { useToasts } from '@/shared/ui/toasts'

/** Carry out a change of a customer: busy meanwhile, a refusal said beside it, everything asked again afterwards. */
export function useDone() {
  const [readAgain, toasts, problemText] = [useReadAgain('customers'), useToasts(), useProblemText()]
  const [busy, refused] = [ref(false), ref('')]
  const problem = ref<unknown>(null)
  const wrong = (field: string) => (problem.value instanceof ApiProblem ? problem.value.rule(field) : '')

  async function carry(work: () => Promise<unknown>, done = ''): Promise<boolean> {
    busy.value = true
    refused.value = ''
    problem.value = null
    try {
      await work()
      if (done !== '') toasts.say(done, 'good')
      await readAgain()
      return true
    } catch (refusal) {
      problem.value = refusal
      refused.value = problemText(refusal)
      return false
    } finally {
      busy.value = false
    }
  }

  return { carry, busy, refused, wrong }
}
