import { ApiProblem, NETWORK } from '@/shared/api/problems'
import type { PhoneProblem } from './types'

const OF_MICROPHONE: Record<string, PhoneProblem> = {
  NotAllowedError: 'microphone-refused',
  SecurityError: 'microphone-refused',
  NotFoundError: 'microphone-missing',
  OverconstrainedError: 'microphone-missing',
  NotReadableError: 'microphone-busy',
  AbortError: 'microphone-busy',
}

/** Return what kept a microphone from being opened. */
export function microphoneProblem(error: unknown): PhoneProblem {
  return (error instanceof Error && OF_MICROPHONE[error.name]) || 'microphone-busy'
}

/** Return what kept the service from giving out the phone's account. */
export function serviceProblem(error: unknown): PhoneProblem {
  if (!(error instanceof ApiProblem)) return 'server-away'
  return error.slug === NETWORK || error.status >= 500 ? 'server-away' : 'server-refused'
}

/** Return why this page cannot be a phone at all, if it cannot. */
export function unfit(page: {
  isSecureContext: boolean
  RTCPeerConnection?: unknown
  AudioContext?: unknown
  navigator: { mediaDevices?: unknown; locks?: unknown }
}): PhoneProblem | null {
  if (!page.isSecureContext) return 'insecure-page'
  const { mediaDevices, locks } = page.navigator
  return page.RTCPeerConnection && page.AudioContext && mediaDevices && locks ? null : 'browser-too-old'
}

const OVER_ONLINE: ReadonlySet<PhoneProblem | null> = new Set<PhoneProblem>([
  'server-away',
  'network-lost',
  'registration-lost',
])

/** Return whether a problem is over once the phone is registered. */
export function isOverOnline(problem: PhoneProblem | null): boolean {
  return OVER_ONLINE.has(problem)
}
