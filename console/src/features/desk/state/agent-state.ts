import type { OwnState } from '@/shared/socket/messages'
import type { Tone } from '@/shared/ui/UiTag.vue'

/** Reasons of a pause that agents choose among. */
export const PAUSES = ['break', 'meal', 'training', 'meeting', 'paperwork'] as const
export type Pause = (typeof PAUSES)[number]

const TONES: Record<OwnState['state'], Tone> = {
  offline: 'plain',
  not_ready: 'plain',
  ready: 'good',
  reserved: 'busy',
  ringing: 'busy',
  talking: 'busy',
  wrap_up: 'warn',
}

/** Return how an agent's state is drawn. */
export function stateOf(own: OwnState | null): { tone: Tone } {
  return { tone: TONES[own?.state ?? 'offline'] }
}

/** Return a pause's reason in words; one that is not in the list stands as it was typed. */
export function pauseText(reason: string | null, t: (key: string) => string, te: (key: string) => boolean): string {
  if (reason === null) return ''
  const key = `desk.pause.${reason}`
  return te(key) ? t(key) : reason
}
