import { defineStore } from 'pinia'
import { computed, ref, shallowReactive, shallowRef } from 'vue'
import { DeskConnection, type Link } from './connection'
import type { BoardCall, BoardFigures, CallChanged, DeskCommand, Draft, OpenAlert, OwnState, Pop, Presence, QueueState, ServerMessage } from './messages'

const HANDED_OVER = 'hotline.handed_over'
const TAKEN_BY = 'hotline.taken_over_by'
type Listener = (message: ServerMessage) => void

/** What the service tells this desk, as it is now. */
export const useDesk = defineStore('desk', () => {
  const link = ref<Link>('off')
  const own = shallowRef<OwnState | null>(null)
  const pop = shallowRef<Pop | null>(null)
  const draft = shallowRef<Draft | null>(null)
  const call = shallowRef<CallChanged | null>(null)
  /** The agent's own call out, as it was last: its end leaves it to be judged. */
  const made = shallowRef<CallChanged | null>(null)
  /** Call that this agent handed to another; a reload does not forget it. */
  const handedOver = ref(sessionStorage.getItem(HANDED_OVER))
  /** Supervisor who took that call from this agent. */
  const takenOverBy = ref(sessionStorage.getItem(TAKEN_BY) ?? '')
  const queues = shallowReactive(new Map<string, QueueState>())
  const agents = shallowReactive(new Map<string, Presence>())
  /** Live calls, on the desk of a supervisor. */
  const calls = shallowReactive(new Map<string, BoardCall>())
  /** Figures of the queues, on the desk of a supervisor. */
  const figures = shallowRef<BoardFigures | null>(null)
  /** Thresholds that are broken now. */
  const alerts = shallowRef<readonly OpenAlert[]>([])
  /** Server's clock less this browser's: a wrong clock shows right times. */
  const aheadMs = ref(0)
  const listeners = new Set<Listener>()
  const state = computed(() => own.value?.state ?? 'offline')
  const callId = computed(() => pop.value?.call_id ?? own.value?.call_id ?? null)

  function apply(message: ServerMessage): void {
    switch (message.type) {
      case 'welcome':
        aheadMs.value = message.now_ms - Date.now()
        own.value = message.snapshot.agent
        pop.value = message.pop
        draft.value = message.draft
        call.value = message.snapshot.call
        replace(queues, message.snapshot.queues, (queue) => queue.queue)
        replace(agents, message.snapshot.agents, (agent) => agent.agent_id)
        replace(calls, message.snapshot.calls, (one) => one.call_id)
        figures.value = message.snapshot.figures
        alerts.value = message.snapshot.alerts
        break
      case 'pop':
        // The same pop may come twice; the page must not lose its place for that.
        if (pop.value?.id !== message.pop.id) {
          pop.value = message.pop
          draft.value = null
          call.value = null
        }
        break
      case 'pop_closed':
        if (pop.value?.call_id === message.call_id) pop.value = draft.value = call.value = null
        break
      case 'draft':
        if (message.draft.call_id === callId.value) draft.value = message.draft
        break
      case 'call':
        call.value = message.over ? null : message
        if (message.direction === 'outbound' && message.role === 'agent') made.value = message
        // A call out that has a result ended; it went to no colleague.
        if (message.over && (message.result ?? null) === null) passOn(message.call_id, message.taken_over_by)
        else if (handedOver.value === message.call_id) passOn(null)
        break
      case 'agent':
        own.value = message
        if (message.state !== 'talking') call.value = null
        break
      case 'presence':
        if (message.state === 'offline') agents.delete(message.agent_id)
        else agents.set(message.agent_id, message)
        break
      case 'queue':
        queues.set(message.queue, message)
        break
      case 'live_calls':
        for (const one of message.calls) calls.set(one.call_id, one)
        for (const id of message.over) calls.delete(id)
        break
      case 'figures':
        figures.value = message
        break
      case 'alerts':
        alerts.value = message.alerts
        break
    }
    for (const listener of listeners) listener(message)
  }

  function passOn(id: string | null, by = ''): void {
    handedOver.value = id
    takenOverBy.value = by
    sessionStorage.setItem(TAKEN_BY, by)
    if (id === null) sessionStorage.removeItem(HANDED_OVER)
    else sessionStorage.setItem(HANDED_OVER, id)
  }

  const connection = new DeskConnection({ message: apply, link: linked })

  function linked(now: Link): void {
    link.value = now
    // What another desk has now is not shown here, and no clock of it runs on.
    if (now === 'replaced' || now === 'ended' || now === 'off') own.value = pop.value = draft.value = call.value = null
  }

  /** Hear every message after it was applied; returns how to stop. */
  function listen(listener: Listener): () => void {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  function send(command: DeskCommand): boolean {
    return connection.send(command)
  }

  function open(): void {
    connection.open()
  }

  function close(): void {
    connection.close()
  }

  return { link, own, pop, draft, call, made, handedOver, takenOverBy, queues, agents, calls, figures, alerts, aheadMs, state, callId, apply, listen, send, open, close }
})

function replace<T>(map: Map<string, T>, values: readonly T[], key: (value: T) => string): void {
  map.clear()
  for (const value of values) map.set(key(value), value)
}
