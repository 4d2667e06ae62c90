import { carryOut, onceKey, type Schemas } from './client'
import { asProblem, type ApiProblem } from './problems'

/** Most tickets of one request. */
const MOST = 100

export interface Held {
  id: string
  number: string
  version: number
}

/** Ticket that was refused, and why. */
export interface RefusedOne {
  id: string
  number: string
  problem: ApiProblem
}

/** Do the same to several tickets at once and return those refused: a refusal of one does not stop the others. */
export async function several(action: 'dispatch', held: readonly Held[], more: Record<string, unknown> = {}): Promise<RefusedOne[]> {
  const parts = Array.from({ length: Math.ceil(held.length / MOST) }, (_, at) => held.slice(at * MOST, (at + 1) * MOST))
  const answers = await Promise.all(
    parts.map((part) => {
      const tickets = part.map(({ id, version }) => ({ id, version }))
      return carryOut<Schemas['TicketOutcome'][]>({ method: 'POST', path: `/api/v1/tickets/${action}` }, { tickets, ...more }, onceKey())
    }),
  )
  const numbers = new Map(held.map((one) => [one.id, one.number]))
  return answers.flat().flatMap(({ ticket_id: id, problem }) => {
    return problem === null || problem === undefined ? [] : [{ id, number: numbers.get(id) ?? '', problem: asProblem(problem.status, problem) }]
  })
}
