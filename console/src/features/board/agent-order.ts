import { computed, onMounted, watch, type ComputedRef, type ShallowRef } from 'vue'
import { useDesk } from '@/shared/socket/desk'
import { sorted } from './board'

/** Lay rows from one order into another: where one row moved, it alone is moved. */
function lay(rows: ReadonlyMap<string, HTMLElement>, before: readonly string[], wanted: readonly string[]): void {
  const known = before.length === wanted.length
  const differs = (id: string, at: number): boolean => before[at] !== id
  const [first, last] = known ? [wanted.findIndex(differs), wanted.findLastIndex(differs)] : [0, wanted.length - 1]
  if (first < 0) return
  const down = wanted.slice(first, last).every((id, at) => id === before[first + at + 1])
  const up = wanted.slice(first + 1, last + 1).every((id, at) => id === before[first + at])

  function put(at: number): void {
    const [row, next] = [rows.get(wanted[at] ?? ''), rows.get(wanted[at + 1] ?? '')]
    if (row === undefined) return
    if (next === undefined) row.parentElement?.append(row)
    else next.before(row)
  }
  if (known && down) put(last)
  else if (known && up) put(first)
  else for (let at = last; at >= first; at -= 1) put(at)
}

/** Return the agents to draw; their rows are kept in order, the one that wants an eye first. */
export function useOrder(body: Readonly<ShallowRef<HTMLElement | null>>): ComputedRef<string[]> {
  const desk = useDesk()
  /** In the order in which they came: a change of one agent draws one row. */
  const ids = computed(() => [...desk.agents.keys()])
  /** From the order before: what is nearly sorted is soon sorted. */
  const order = computed<readonly string[]>((before = []) => {
    const agents = new Map(desk.agents)
    const known = before.flatMap((id) => agents.get(id) ?? [])
    for (const { agent_id } of known) agents.delete(agent_id)
    return sorted([...known, ...agents.values()]).map((agent) => agent.agent_id)
  })
  let [drawn, rows, laid]: [readonly string[], ReadonlyMap<string, HTMLElement>, readonly string[]] = [[], new Map(), []]

  /** Rows are moved by hand: two hundred that are compared for one that moved cost more than all the rest of the board. */
  function arrange(): void {
    if (drawn !== ids.value) {
      const found = [...(body.value?.children ?? [])].filter((row) => row instanceof HTMLElement)
      ;[drawn, rows, laid] = [ids.value, new Map(found.map((row) => [row.dataset['agent'] ?? '', row])), []]
    }
    lay(rows, laid, order.value)
    laid = order.value
  }
  onMounted(arrange)
  watch(order, arrange, { flush: 'post' })
  return ids
}
