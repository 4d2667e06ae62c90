import { ref } from 'vue'
import { useProblemText } from '@/shared/i18n/problems'
import { ApiProblem } from '@/shared/api/problems'
import { useReadAgain } from '@/shared/api/reading'
import { useToasts } from '@/shared/ui/toasts'

/** Carry out a piece of work: busy meanwhile, a message afterwards, and the lists asked again. */
export function useWorkDone() {
  const [readAgain, toasts, problemText] = [useReadAgain('tickets'), useToasts(), useProblemText()]
  const busy = ref(false)
  const problem = ref<unknown>(null)

  /** Return whether the work was done; a refusal stays beside the form, and nothing typed is lost. */
  async function carry(work: () => Promise<unknown>, done: string): Promise<boolean> {
    busy.value = true
    problem.value = null
    try {
      await work()
      toasts.say(done, 'good')
      return true
    } catch (refusal) {
      problem.value = refusal
      return false
    } finally {
      busy.value = false
      await readAgain()
    }
  }

  const wrong = (field: string): string => (problem.value instanceof ApiProblem ? problem.value.rule(field) : '')
  const said = (): string => (problem.value === null ? '' : problemText(problem.value))
  return { carry, busy, problem, wrong, said }
}
