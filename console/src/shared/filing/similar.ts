import { onScopeDispose, ref, watch, type Ref } from 'vue'
import { api, data, type Schemas } from '@/shared/api/client'

export type SimilarTicket = Schemas['SimilarTicket']

/** What is typed of a matter, as it is compared with open tickets. */
export type Matter = Record<'subject' | 'description' | 'address' | 'area' | 'number', string> & { category_id: string | null; customer_id: string | null }

const AFTER_MS = 500
/** So much text is compared; what a long detail goes on with tells no more. */
const MOST_TEXT = 2000

/** Return whether a typed number may be one: what is half typed finds nothing, and is no reason not to look. */
const isWhole = (typed: string) => /^\+?[\d\s转()-]{5,}$/u.test(typed.trim())

/** Look for open tickets about the same matter while the agent types; the newest question counts. */
export function useSimilar(draft: Matter): { similar: Ref<SimilarTicket[] | null>; failed: Ref<boolean> } {
  const similar = ref<SimilarTicket[] | null>(null)
  const failed = ref(false)
  let timer: ReturnType<typeof setTimeout> | undefined
  let newest = 0

  async function ask(): Promise<void> {
    const asked = ++newest
    try {
      const body = {
        customer_id: draft.customer_id,
        number: isWhole(draft.number) ? draft.number.trim() : null,
        address: draft.address,
        area: draft.area,
        category_id: draft.category_id,
        text: `${draft.subject}\n${draft.description}`.slice(0, MOST_TEXT),
      }
      const found = await data(api.POST('/api/v1/similar-tickets', { body }))
      if (asked !== newest) return
      similar.value = found
      failed.value = false
    } catch {
      // A lost connection: the list before stays, and the form works without it.
      if (asked === newest) failed.value = true
    }
  }

  watch(
    () => [draft.subject, draft.description, draft.address, draft.area, draft.category_id, draft.customer_id, draft.number],
    () => {
      clearTimeout(timer)
      timer = setTimeout(() => void ask(), AFTER_MS)
    },
  )
  onScopeDispose(() => clearTimeout(timer))
  return { similar, failed }
}
