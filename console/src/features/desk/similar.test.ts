import { describe, expect, it, vi } from 'vitest'
import { defineComponent, h, nextTick } from 'vue'
import { serve, show } from '@/shared/testing/service'
import { useSimilar } from '@/shared/filing/similar'
import { useTicketDraft } from './state/ticket-draft'

describe('the question for similar tickets', () => {
  it('compares the begin of a very long detail', async () => {
    const asked = serve({})
    const { draft } = useTicketDraft()
    const part = show(defineComponent(() => {
      useSimilar(draft)
      return () => h('i')
    }))
    draft.subject = '暖气不热'
    draft.description = '长'.repeat(4000)
    await nextTick()
    await vi.waitFor(() => expect(asked.filter((one) => one.path === '/similar-tickets')).toHaveLength(1), { timeout: 3000 })
    expect(asked.find((one) => one.path === '/similar-tickets')?.body['text']).toBe(`暖气不热\n${'长'.repeat(1995)}`)
    part.unmount()
  })
})
