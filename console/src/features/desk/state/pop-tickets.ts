import { defineStore } from 'pinia'
import { computed, shallowReactive, watch } from 'vue'
import { api, data } from '@/shared/api/client'
import { useDesk } from '@/shared/socket/desk'
import type { Pop } from '@/shared/socket/messages'
import { useTicketDraft, type Filed } from './ticket-draft'

type Fresh = Pick<Filed, 'kind' | 'status' | 'subject' | 'registered_at_ms' | 'urge_count'>

/** Tickets of the pop as they are now: with those filed in the call, and with what became of them since. */
export const usePopTickets = defineStore('pop-tickets', () => {
  const [desk, work] = [useDesk(), useTicketDraft()]
  let popId = ''
  const fresh = shallowReactive(new Map<string, Fresh>())

  function asNow(tickets: readonly Filed[]): Filed[] {
    const filed = new Set(work.filedHere.map((one) => one.id))
    return [...work.filedHere, ...tickets.filter((one) => !filed.has(one.id))].map((one) => ({ ...one, ...fresh.get(one.id) }))
  }

  const open = computed(() => asNow(desk.pop?.open_tickets ?? []))
  const history = computed<Pop['history']>(() => {
    const before = desk.pop?.history ?? null
    return before && { ...before, tickets: asNow(before.tickets) }
  })

  async function ask(id: string): Promise<void> {
    try {
      const found = await data(api.GET('/api/v1/tickets/{ticket_id}', { params: { path: { ticket_id: id } } }))
      const { kind, status, subject, urge_count } = found
      fresh.set(id, { kind, status, subject, urge_count, registered_at_ms: Date.parse(found.registered_at) })
    } catch {
      // The page goes on with what it has; the next news asks again.
    }
  }

  function shown(): Set<string> {
    return new Set([...open.value, ...(history.value?.tickets ?? [])].map((one) => one.id))
  }

  // A ticket that another desk of the call filed is known by its number alone.
  watch(
    () => work.filedHere[0]?.id,
    (id) => id !== undefined && void ask(id),
    { immediate: true },
  )
  desk.listen((message) => {
    if (message.type === 'pop' && message.pop.id !== popId) {
      popId = message.pop.id
      // What was read for an earlier call may be older than what this pop says.
      fresh.clear()
    }
    // A desk that comes back has the pop as it was when the call came.
    const all = message.type === 'welcome' || (message.type === 'ticket' && message.ticket_id === null)
    if (all) for (const id of shown()) void ask(id)
    else if (message.type === 'ticket' && message.ticket_id !== null && shown().has(message.ticket_id)) void ask(message.ticket_id)
  })

  return { open, history }
})
