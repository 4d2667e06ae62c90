import { reactive } from 'vue'

interface PhoneCall { stage: 'ringing' | 'answering' | 'talking'; number: string; since: number; talkingSince: number | null; muted: boolean; silent: boolean }
interface State {
  kind: 'browser' | 'desk'
  stage: 'off' | 'starting' | 'online' | 'lost' | 'elsewhere'
  problem: string | null
  retryAt: number | null
  call: PhoneCall | null
}
const state = reactive<State>({ kind: 'desk', stage: 'off', problem: null, retryAt: null, call: null })
const phone = {
  state,
  startShift: async () => true,
  endShift: async () => {},
  choose: async (_kind: 'browser' | 'desk') => {},
  answer: async () => {},
  decline: () => {},
  hangUp: () => {},
  press: (_keys: string) => {},
  mute: (_on: boolean) => {},
  reconnect: async () => {},
  takeOver: async () => {},
  resume: (_inCall: boolean) => {},
}
export function usePhone() { return phone }
