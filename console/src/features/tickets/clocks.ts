import type { Schemas } from '@/shared/api/client'

type Clock = Schemas['ClockView']

/** A clock on the common scale of all clocks of a ticket; places are shares of the width, from 0 to 1. */
export interface ClockBar {
  clock: Clock
  from: number
  due: number
  /** Until when it ran: the stop, the pause, or now. */
  until: number
  late: boolean
  steps: { at: number; kind: Schemas['StepKind'] }[]
}

/** Return the clocks as bars on one scale, from the first start to the last moment that matters. */
export function clockBars(clocks: readonly Clock[], nowMs: number): { bars: ClockBar[]; now: number | null } {
  const ends = clocks.map((one) => Date.parse(one.stopped_at ?? one.paused_at ?? '') || nowMs)
  const starts = clocks.map((one) => Date.parse(one.started_at))
  const [first, last] = [Math.min(...starts), Math.max(...ends, ...clocks.map((one) => Date.parse(one.due_at)))]
  const place = (ms: number) => Math.min(1, Math.max(0, (ms - first) / Math.max(1, last - first)))
  const bars = clocks.map((clock, at) => ({
    clock,
    from: place(starts[at] ?? first),
    due: place(Date.parse(clock.due_at)),
    until: place(ends[at] ?? nowMs),
    late: clock.is_late,
    steps: clock.steps.map((step) => ({ at: place(Date.parse(step.at)), kind: step.kind })),
  }))
  return { bars, now: clocks.some((one) => one.stopped_at === null) ? place(nowMs) : null }
}
