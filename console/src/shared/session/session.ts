import { defineStore } from 'pinia'
import { computed, ref, watch } from 'vue'
import { api, data, type Schemas } from '@/shared/api/client'
import { ApiProblem } from '@/shared/api/problems'
import { useZone } from '@/shared/i18n/zone'

export type SessionView = Schemas['SessionView']
export type Role = SessionView['role']

/** Set while the browser may have a session's cookie, which pages cannot see. Without it the service is not asked. */
const MARK = 'hotline.signed-in'

function mark(signedIn: boolean): void {
  try {
    if (signedIn) localStorage.setItem(MARK, '1')
    else localStorage.removeItem(MARK)
  } catch {
    // Without a store the service is always asked.
  }
}

function mayHaveSession(): boolean {
  try {
    return localStorage.getItem(MARK) !== null
  } catch {
    return true
  }
}

type Check = () => Promise<boolean>
const always: Check = async () => true

/** Who is signed in. */
export const useSession = defineStore('session', () => {
  const who = ref<SessionView | null>(null)
  const known = ref(false)
  let mayLeave = always
  watch(() => who.value?.time_zone, (zone) => zone !== undefined && useZone(zone), { flush: 'sync' })
  const role = computed(() => who.value?.role ?? null)

  let asking: Promise<void> | null = null

  /** Ask who is signed in, once unless told so; a page that was reloaded still has its cookie. */
  async function load(again = false): Promise<void> {
    if (known.value && !again) return
    if (!again && !mayHaveSession()) return know(null)
    asking ??= ask().finally(() => (asking = null))
    await asking
  }

  function know(found: SessionView | null): void {
    who.value = found
    known.value = true
    mark(found !== null)
  }

  async function ask(): Promise<void> {
    try {
      know(await data(api.GET('/api/v1/session')))
    } catch (problem) {
      if (!(problem instanceof ApiProblem) || problem.status !== 401) throw problem
      know(null)
    }
  }

  async function signIn(staffNumber: string, password: string): Promise<void> {
    know(await data(api.POST('/api/v1/session', { body: { staff_number: staffNumber, password } })))
  }

  /** Change the own password; every session ends, so sign in again with the new one. */
  async function changePassword(present: string, next: string): Promise<void> {
    const staffNumber = who.value?.staff_number ?? ''
    await data(api.PUT('/api/v1/session/password', { body: { present, new: next } }))
    await signIn(staffNumber, next)
  }

  /** Have sign-outs wait for a check; returns how to end that. */
  function guard(check: Check): () => void {
    mayLeave = check
    return () => {
      if (mayLeave === check) mayLeave = always
    }
  }

  /** End the session; returns false where what runs here does not allow it. */
  async function signOut(): Promise<boolean> {
    if (!(await mayLeave())) return false
    await data(api.DELETE('/api/v1/session'))
    forget()
    return true
  }

  /** Forget who was signed in: the service did. */
  function forget(): void {
    know(null)
  }

  return { who, role, known, load, signIn, changePassword, guard, signOut, forget }
})
