import type { OwnState } from '@/shared/socket/messages'
import type { Tone } from '@/shared/ui/UiTag.vue'

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
