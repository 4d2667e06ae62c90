import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import type { Schemas } from '@/shared/api/client'

type CallOut = Schemas['CallOut']

/** Whom the agent wants to call, and about what. */
export interface Callee {
  /** Number as it is shown; missing: the agent types one. */
  number?: string
  name?: string
  /** Missed call, earlier call, ticket, customer or colleague, as the service knows it. */
  about?: CallOut
}

/** The panel by which an agent calls out: opened beside each number of the pages. */
export const useCalling = defineStore('calling', () => {
  const callee = shallowRef<Callee | null>(null)
  /** Each opening is another one, also for the same number. */
  const opened = ref(0)

  function ask(whom: Callee = {}): void {
    callee.value = whom
    opened.value += 1
  }

  function close(): void {
    callee.value = null
  }

  return { callee, opened, ask, close }
})
