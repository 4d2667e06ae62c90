import { useQuery } from '@pinia/colada'
import { computed, type ComputedRef } from 'vue'
import { api, data } from '@/shared/api/client'
import { inLanguage } from '@/shared/i18n/i18n'
import { useSession } from '@/shared/session/session'
import type { CallTarget } from '@/shared/socket/messages'
import { useQueues } from '../queries'

export interface Target {
  kind: CallTarget['kind']
  id: string
  name: string
  hint: string
}

const SHOWN = 12

/** Queues and colleagues to whom a call can go. */
export function useTargets(): ComputedRef<Target[]> {
  const [queues, session] = [useQueues(), useSession()]
  const people = useQuery({
    key: ['people', 'agent'],
    query: () => data(api.GET('/api/v1/people', { params: { query: { role: 'agent' } } })),
  })
  return computed(() => [
    ...(queues.data.value ?? []).map((queue): Target => ({
      kind: 'queue',
      id: queue.name,
      name: inLanguage({ zh: queue.title_zh, en: queue.title_en }),
      hint: String(queue.waiting),
    })),
    ...(people.data.value ?? [])
      .filter((person) => person.id !== session.who?.staff_id)
      .map((person): Target => ({ kind: 'agent', id: person.id, name: person.name, hint: person.staff_number })),
  ])
}

/** Return the targets that fit what was typed; digits may be a number to dial as well. */
export function targetsFor(targets: readonly Target[], typed: string): Target[] {
  const words = typed.trim().toLowerCase()
  const fitting = targets.filter((one) => `${one.name} ${one.hint}`.toLowerCase().includes(words)).slice(0, SHOWN)
  const number = words.replaceAll(/[\s-]/g, '')
  return /^\+?\d{3,20}$/.test(number) ? [{ kind: 'number', id: number, name: number, hint: '' }, ...fitting] : fitting
}
