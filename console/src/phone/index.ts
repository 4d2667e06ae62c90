import { BrowserPhone } from './phone'
import type { Phone } from './types'

export { RING_TONES } from './ringing'
export type * from './types'

let phone: Phone | null = null

/** Return the phone of this page. */
export function usePhone(): Phone {
  phone ??= new BrowserPhone()
  return phone
}
