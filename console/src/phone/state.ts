import { reactive } from 'vue'
import type { Devices, PhoneState, RingTone } from './types'

const REMEMBERED = 'hotline.phone'
const TONES: ReadonlySet<RingTone> = new Set<RingTone>(['classic', 'soft', 'bright', 'off'])

interface Remembered {
  devices: Pick<Devices, 'microphone' | 'ear' | 'ring'>
  ring: PhoneState['ring']
}

function remembered(): Remembered {
  const found: Remembered = {
    devices: { microphone: '', ear: '', ring: '' },
    ring: { tone: 'classic', volume: 0.7 },
  }
  try {
    const stored = JSON.parse(localStorage.getItem(REMEMBERED) ?? '{}') as Partial<Remembered>
    for (const use of ['microphone', 'ear', 'ring'] as const) {
      const id: unknown = stored.devices?.[use]
      if (typeof id === 'string') found.devices[use] = id
    }
    const { tone, volume } = stored.ring ?? {}
    if (tone !== undefined && TONES.has(tone)) found.ring.tone = tone
    if (typeof volume === 'number' && volume >= 0 && volume <= 1) found.ring.volume = volume
  } catch {
    // What another version stored, or no storage at all: the defaults do.
  }
  return found
}

/** Return the state of a phone that is off, with the choices of earlier shifts. */
export function newState(): PhoneState {
  const { devices, ring } = remembered()
  return reactive<PhoneState>({
    kind: 'browser',
    stage: 'off',
    problem: null,
    retryAt: null,
    call: null,
    level: 0,
    testing: 'off',
    devices: { microphones: [], speakers: [], canChooseSpeaker: false, ...devices },
    ring,
  })
}

/** Store the choices for later shifts. */
export function remember(state: PhoneState): void {
  const { microphone, ear, ring } = state.devices
  try {
    localStorage.setItem(REMEMBERED, JSON.stringify({ devices: { microphone, ear, ring }, ring: state.ring }))
  } catch {
    // A browser that stores nothing forgets them.
  }
}

/** Return a copy of the state that another tab can be sent. */
export function plain(state: PhoneState): PhoneState {
  return JSON.parse(JSON.stringify(state)) as PhoneState
}
