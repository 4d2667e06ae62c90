import { ref } from 'vue'
import { useReadAgain } from '@/shared/api/reading'
import { useProblemText } from '@/shared/i18n/problems'
import { useToasts } from '@/shared/ui/toasts'

/** Carry out a change of a customer: busy meanwhile, a refusal said beside it, everything asked again afterwards. */
export function useDone() {
  const [readAgain, toasts, problemText] = [useReadAgain('customers'), useToasts(), useProblemText()]
  const [busy, refused] = [ref(false), ref('')]

  async function carry(work: () => Promise<unknown>, done = ''): Promise<boolean> {
    busy.value = true
    refused.value = ''
    try {
      await work()
      if (done !== '') toasts.say(done, 'good')
      await readAgain()
      return true
    } catch (problem) {
      refused.value = problemText(problem)
      return false
    } finally {
      busy.value = false
    }
  }

  return { carry, busy, refused }
}
