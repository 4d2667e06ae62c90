import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import { carryOut, uploadFile } from '@/shared/api/client'
import { ApiProblem, NETWORK } from '@/shared/api/problems'
import { useSession } from '@/shared/session/session'
import { openStore, type KeptAction, type KeptStore } from './store'

const AGAIN_MS = 20_000
const LOCK = 'hotline-kept'
/** Nothing is known to be wrong with the action: the same is sent again later. */
const LATER = new Set([NETWORK, 'unavailable', 'unauthenticated', 'too-many-requests'])

/** Refusal of an action on a ticket that its person saw before and sees no more. */
export const GONE = 'gone'

function refusalOf(problem: unknown): string {
  if (!(problem instanceof ApiProblem)) return String(problem)
  return problem.status === 404 ? GONE : problem.words || problem.slug
}

/** Return whether a problem passes by itself. */
export function passes(problem: unknown): boolean {
  return problem instanceof ApiProblem && (LATER.has(problem.slug) || problem.status >= 500)
}

/** Actions that are kept on this device until the service has them. */
export const useKept = defineStore('kept', () => {
  const session = useSession()
  const all = shallowRef<KeptAction[]>([])
  const own = computed(() => all.value.filter((one) => one.staffId === session.who?.staff_id))
  /** Keys of actions that a form sends now: it hears itself what became of them. */
  const sending = shallowRef<readonly string[]>([])
  const waiting = computed(() => own.value.filter((one) => one.refusal === null && !sending.value.includes(one.key)))
  const refused = computed(() => own.value.filter((one) => one.refusal !== null))
  let opening: Promise<KeptStore> | null = null
  let sent: ((action: KeptAction) => void) | null = null
  let timer: ReturnType<typeof setTimeout> | undefined

  const store = () => (opening ??= openStore())

  async function load(): Promise<void> {
    all.value = (await (await store()).all()).toSorted((one, other) => one.at - other.at)
  }

  /** Send an action, or keep it where nothing answers. Throws the refusal of the service. */
  async function submit(action: KeptAction): Promise<'done' | 'kept'> {
    sending.value = [...sending.value, action.key]
    try {
      await put(action)
      await send(action)
    } catch (problem) {
      if (passes(problem)) {
        later()
        return 'kept'
      }
      await discard(action.key)
      throw problem
    } finally {
      sending.value = sending.value.filter((key) => key !== action.key)
    }
    return 'done'
  }

  /** Send what waits, in order, from one tab at a time. */
  async function flush(): Promise<void> {
    clearTimeout(timer)
    // A page without https has no locks; the keys make it harmless.
    const locks = navigator.locks as LockManager | null | undefined
    if (!locks) return sendAll()
    await locks.request(LOCK, { ifAvailable: true }, async (lock) => {
      if (lock !== null) await sendAll()
    })
  }

  async function sendAll(): Promise<void> {
    await load()
    for (const action of waiting.value) {
      try {
        await send(action)
        sent?.(action)
      } catch (problem) {
        if (passes(problem)) return later()
        await put({ ...action, refusal: refusalOf(problem) })
      }
    }
  }

  async function send(action: KeptAction): Promise<void> {
    for (const file of action.files) {
      if (file.id !== null) continue
      file.id = (await uploadFile(action.ticketId, file.name, file.content, file.key)).id
      await put(action)
    }
    const ids = action.files.map((file) => file.id)
    await carryOut({ method: 'POST', path: action.path }, { ...action.body, ...(ids.length > 0 ? { file_ids: ids } : {}) }, action.key)
    await discard(action.key)
  }

  async function put(action: KeptAction): Promise<void> {
    await (await store()).put(action)
    await load()
  }

  async function discard(key: string): Promise<void> {
    await (await store()).remove(key)
    await load()
  }

  function later(): void {
    clearTimeout(timer)
    timer = setTimeout(() => void flush(), AGAIN_MS)
  }

  function flushNow(): void {
    void flush()
  }

  /** Send what waits now, and whenever the network is back; `told` hears of each action that went out. */
  function start(told: (action: KeptAction) => void): () => void {
    sent = told
    addEventListener('online', flushNow)
    flushNow()
    return () => {
      removeEventListener('online', flushNow)
      clearTimeout(timer)
    }
  }

  return { own, waiting, refused, load, submit, flush, discard, start }
})
