import { useMutation, useQuery } from '@pinia/colada'
import { api, data, type Schemas } from '@/shared/api/client'

export type Simulation = Schemas['Simulation']
export type SimulatedQueue = Schemas['SimulatedQueue']
export const SIDES = ['recorded', 'present', 'changed'] as const
export type Side = (typeof SIDES)[number]

/** Replay a recorded day under changed rules; nothing is stored. */
export function useSimulation() {
  return useMutation({ mutation: (body: Schemas['SimulationInput']) => data(api.POST('/api/v1/queue-simulations', { body })) })
}

export function useQueueTitles() {
  return useQuery({ key: ['queues'], query: () => data(api.GET('/api/v1/queues')), staleTime: 60_000 })
}

/** Return the sides of each queue, in the order of the rules. */
export function byQueue(found: Simulation): { queue: string; sides: { side: Side; figures: SimulatedQueue }[] }[] {
  const names = [...new Set(SIDES.flatMap((side) => found[side].map((one) => one.queue)))]
  return names.map((queue) => ({
    queue,
    sides: SIDES.flatMap((side) => {
      const figures = found[side].find((one) => one.queue === queue)
      return figures === undefined ? [] : [{ side, figures }]
    }),
  }))
}
