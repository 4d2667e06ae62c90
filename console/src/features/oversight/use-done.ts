import { ref } from 'vue'
import { ApiProblem } from '@/shared/api/problems'
import { useReadAgain } from '@/shared/api/reading'
import { useProblemText } from '@/shared/i18n/problems'
import { useToasts } from '@/shared/ui/toasts'

/** Carry out a change: busy meanwhile, a refusal said beside it, the lists asked again afterwards. */
export function useDone() {
  const [readAgain, toasts, problemText] = [useReadAgain('oversight'), useToasts(), useProblemText()]
  const [busy, problem] = [ref(false), ref<unknown>(null)]
  const wrong = (field: string) => (problem.value instanceof ApiProblem ? problem.value.rule(field) : '')
  const said = () => (problem.value === null ? '' : problemText(problem.value))

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

  return { carry, busy, wrong, said }
}
