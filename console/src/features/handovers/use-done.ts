import { ref } from 'vue'
import { useReadAgain } from '@/shared/api/reading'
import { useProblemText } from '@/shared/i18n/problems'
import { useToasts } from '@/shared/ui/toasts'

/** Carry out a change of handovers; a refusal is said beside it. */
export function useDone() {
  const [readAgain, toasts, problemText] = [useReadAgain('handovers'), useToasts(), useProblemText()]
  const [busy, refused] = [ref(false), ref('')]

  async function carry(work: () => Promise<unknown>, done: string): Promise<boolean> {
    busy.value = true
    refused.value = ''
    try {
      await work()
      toasts.say(done, 'good')
      return true
    } catch (problem) {
      refused.value = problemText(problem)
      return false
    } finally {
      busy.value = false
      await readAgain()
    }
  }

  return { carry, busy, refused }
}
