const UNITS = [
  ['days', 86_400],
  ['hours', 3600],
  ['minutes', 60],
] as const

/** Return how late something is, in the largest unit that is full. */
export function lateness(seconds: number): { n: number; unit: (typeof UNITS)[number][0] } {
  const [unit, length] = UNITS.find(([, one]) => seconds >= one) ?? UNITS[2]
  return { n: Math.max(1, Math.floor(seconds / length)), unit }
}
