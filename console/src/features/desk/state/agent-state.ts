import { computed, type ComputedRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { usePhone } from '@/phone'
import { useLabels } from '@/shared/i18n/labels'
import { useDesk } from '@/shared/socket/desk'
import type { OwnState } from '@/shared/socket/messages'
import type { Tone } from '@/shared/ui/UiTag.vue'
import { stageOf } from './call-stage'

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

/** Name the agent's own state: one who is rung, or whose number rings, counts as talking already. */
export function useOwnState(): ComputedRef<string> {
  const [{ t }, desk, phone, label] = [useI18n(), useDesk(), usePhone(), useLabels()]
  return computed(() => {
    const stage = desk.state === 'talking' ? stageOf(desk.state, desk.call, phone.state.call?.stage === 'ringing') : null
    return stage === 'ringing' || stage === 'dialling' ? t(`desk.call_stage.${stage}`) : label('AgentState', desk.state)
  })
}
