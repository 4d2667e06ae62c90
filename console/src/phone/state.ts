import { reactive } from 'vue'
import type { Devices, PhoneState } from './types'

const REMEMBERED = 'hotline.phone'

interface Remembered {
  devices: Pick<Devices, 'microphone' | 'ear' | 'ring'>
}

function remembered(): Remembered {
  const found: Remembered = { devices: { microphone: '', ear: '', ring: '' } }
  try {
    const stored = JSON.parse(localStorage.getItem(REMEMBERED) ?? '{}') as Partial<Remembered>
    for (const use of ['microphone', 'ear', 'ring'] as const) {
      const id: unknown = stored.devices?.[use]
      if (typeof id === 'string') found.devices[use] = id
    }
  } catch {
    // What another version stored, or no storage at all: the defaults do.
  }
  return found
}

/** Return the state of a phone that is off, with the choices of earlier shifts. */
export function newState(): PhoneState {
  const { devices } = remembered()
  return reactive<PhoneState>({
    kind: 'browser',
    stage: 'off',
    problem: null,
    retryAt: null,
    call: null,
    level: 0,
    testing: 'off',
    devices: { microphones: [], speakers: [], canChooseSpeaker: false, ...devices },
  })
}

/** Store the choices for later shifts: they are the machine's, not the account's. */
export function remember(state: PhoneState): void {
  const { microphone, ear, ring } = state.devices
  try {
    localStorage.setItem(REMEMBERED, JSON.stringify({ devices: { microphone, ear, ring } }))
  } catch {
    // A browser that stores nothing forgets them.
  }
}
