import type { Switches } from './fields'

/** Return the switches with one kind of notice on, off, or as the catalogue has it. */
export function switched(before: Switches, kind: string, state: string): Switches {
  const others = Object.fromEntries(Object.entries(before).filter(([one]) => one !== kind))
  return state === '' ? others : { ...others, [kind]: state === 'on' }
}
