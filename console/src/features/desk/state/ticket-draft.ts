import { defineStore } from 'pinia'
import { computed, reactive, ref, watch } from 'vue'
import { onceKey } from '@/shared/api/client'
import { useSession } from '@/shared/session/session'
import { useDesk } from '@/shared/socket/desk'
import type { Draft, Pop, PopTicket } from '@/shared/socket/messages'
import { spoken } from '@/shared/ui/numbers'
import type { TicketDraft, TicketKind } from './draft'
import { SharedDraft, whole } from './shared-draft'

type Stored = TicketDraft & { saved_at: number }

/** Ticket that was filed in a call. */
export type Filed = Pick<PopTicket, 'id' | 'number' | 'kind' | 'status' | 'subject' | 'registered_at_ms' | 'urge_count' | 'joined'>
type Last = { id: string; number: string; by: string }

const LAST = 'hotline.last_ticket'
const STORED = 'hotline.draft.'
const STORED_FOR_MS = 24 * 3_600_000
const SEND_AFTER_MS = 400
const SEND_AGAIN_MS = 3000
const KINDS: ReadonlySet<string> = new Set(['consultation', 'complaint', 'suggestion', 'fault', 'after_sales'])

function blank(): TicketDraft {
  return {
    kind: 'consultation', category_id: null, subject: '', description: '', address: '', area: '', urgency: 'normal',
    name: '', number: '', customer_id: null, form: {}, read_back: false, key: onceKey(), filed: null,
    result: null, picked: null,
  }
}

/** Return what is known before the first word: who calls, from where, about what kind of matter. */
export function begun(pop: Pop): TicketDraft {
  const draft = blank()
  draft.number = spoken(pop.number?.display ?? '')
  if (pop.kind !== null && KINDS.has(pop.kind)) draft.kind = pop.kind as TicketKind
  meant(draft, pop, pop.customer_id)
  return draft
}

/** Put a customer's facts into the draft, where nothing else was typed. */
export function meant(draft: TicketDraft, pop: Pop, customerId: string | null): void {
  const before = pop.customers.find((one) => one.id === draft.customer_id)
  const customer = pop.customers.find((one) => one.id === customerId)
  draft.customer_id = customer?.id ?? null
  for (const field of ['name', 'address', 'area'] as const) {
    if (draft[field] === '' || draft[field] === before?.[field]) draft[field] = customer?.[field] ?? ''
  }
}

function stored(callId: string): Stored | null {
  try {
    return JSON.parse(localStorage.getItem(STORED + callId) ?? 'null') as Stored | null
  } catch {
    return null
  }
}

function lastOf(): Last | null {
  try {
    return JSON.parse(sessionStorage.getItem(LAST) ?? 'null') as Last | null
  } catch {
    return null
  }
}

function forgetOld(): void {
  for (const key of Object.keys(localStorage).filter((one) => one.startsWith(STORED))) {
    const age = Date.now() - (stored(key.slice(STORED.length))?.saved_at ?? 0)
    if (age > STORED_FOR_MS) localStorage.removeItem(key)
  }
}

/** Draft of the call's ticket: in this browser at once, on the server soon after, so that nothing typed is lost. */
export const useTicketDraft = defineStore('ticket-draft', () => {
  const [desk, session] = [useDesk(), useSession()]
  const draft = reactive<TicketDraft>(blank())
  const callId = ref<string | null>(null)
  /** Name of another agent of the call who typed. */
  const by = ref('')
  /** True while the server has not got the last words yet. */
  const behind = ref(false)
  /** Tickets that this agent filed in the call. */
  const filedHere = ref<Filed[]>([])
  /** The agent's last ticket: the idle desk keeps its dispatch at hand. */
  const last = ref(lastOf())
  /** Call that went from the desk before its ticket was filed. */
  const unsent = ref<string | null>(null)
  const touched = computed(() => draft.subject !== '' || draft.description !== '')
  /** Words of a ticket that is neither filed nor a colleague's. */
  const waits = computed(() => touched.value && draft.filed === null && desk.handedOver !== callId.value)
  /** The last ticket of the one who is signed in. */
  const lastOwn = computed(() => (last.value !== null && last.value.by === (session.who?.staff_id ?? '') ? last.value : null))
  /** This agent talks in the call, or talked: one whose phone only rang did not. */
  const talks = computed(() => {
    const { call, state } = desk
    return callId.value !== null && (state === 'wrap_up' || (call !== null && (call.state ?? null) !== null && !(call.role === 'third' && call.party?.answered === false)))
  })
  const shared = new SharedDraft(draft)
  let timer: ReturnType<typeof setTimeout> | undefined
  let saved = ''

  function fill(values: TicketDraft): void {
    Object.assign(draft, blank(), values)
    saved = JSON.stringify(draft)
  }

  function begin(pop: Pop): void {
    forgetOld()
    callId.value = pop.call_id
    by.value = ''
    unsent.value = null
    filedHere.value = []
    const theirs = desk.draft?.call_id === pop.call_id ? desk.draft : null
    shared.begin(theirs, begun(pop))
    const server = theirs && (whole(theirs.fields) as Partial<Stored>)
    const kept = [server, stored(pop.call_id)].filter((one): one is Stored => one?.saved_at !== undefined)
    const newest = kept.toSorted((one, other) => other.saved_at - one.saved_at)[0]
    if (newest === undefined) return fill(begun(pop))
    const { saved_at: _, ...values } = newest
    fill(values)
    // The server may have an older one: it gets this one too.
    if (newest !== server) sendSoon()
  }

  function keepLast(ticket: Last | null): void {
    last.value = ticket
    sessionStorage.setItem(LAST, JSON.stringify(ticket))
  }

  function keepFiled(): void {
    if (draft.filed !== null) keepLast({ ...draft.filed, by: session.who?.staff_id ?? '' })
  }

  /** The call goes from the desk: words that were not filed stay at hand. */
  function leave(): void {
    if (callId.value !== null && waits.value) unsent.value = callId.value
    callId.value = null
  }

  function send(): void {
    if (callId.value === null) return
    clearTimeout(timer)
    const fields = { ...shared.changed(), saved_at: Date.now() }
    behind.value = true
    if (desk.send({ type: 'draft', call_id: callId.value, fields })) shared.sent(fields)
  }

  /** Take over what the service keeps: field by field, what was typed here since stays, and is sent. */
  function takeOver(server: Draft): void {
    if (server.call_id !== callId.value || server.by === '') return
    const before = JSON.stringify(draft)
    const mine = server.by === session.who?.staff_id
    shared.receive(server)
    // What this desk has yet to store in the browser is not forgotten for that.
    if (saved === before) saved = JSON.stringify(draft)
    if (mine) behind.value = Object.keys(shared.changed()).length > 0
    else by.value = server.by_name
  }

  /** The service could not keep it: it gets all of it again, later. */
  function keptNot(): void {
    shared.lost()
    behind.value = true
    clearTimeout(timer)
    timer = setTimeout(send, SEND_AGAIN_MS)
  }

  function sendSoon(): void {
    behind.value = true
    clearTimeout(timer)
    timer = setTimeout(send, SEND_AFTER_MS)
  }

  /** Begin another ticket about the same caller. */
  function another(pop: Pop): void {
    const { customer_id, name, address, area, result, picked } = draft
    Object.assign(draft, begun(pop), { customer_id, name, address, area, result, picked })
  }

  watch(draft, () => {
    const text = JSON.stringify(draft)
    const id = callId.value ?? unsent.value
    if (text === saved || id === null) return
    saved = text
    localStorage.setItem(STORED + id, JSON.stringify({ ...draft, saved_at: Date.now() }))
    if (callId.value !== null) sendSoon()
  })
  watch(
    () => draft.filed,
    (filed) => {
      if (filed === null) return
      if (talks.value || unsent.value !== null) keepFiled()
      unsent.value = null
      if (filedHere.value.some((one) => one.id === filed.id)) return
      const { kind, subject } = draft
      filedHere.value.unshift({ ...filed, kind, subject, status: 'registered', registered_at_ms: Date.now() + desk.aheadMs, urge_count: 0, joined: false })
    },
  )
  // Filed by a colleague before this agent came into the call.
  watch(talks, (now) => now && keepFiled())
  watch(
    () => desk.link,
    (link) => {
      if (link !== 'open' || !behind.value) return
      // What was on its way when the link broke may be lost.
      shared.lost()
      send()
    },
  )
  watch(
    () => desk.pop,
    (pop) => {
      if (pop === null) leave()
      else if (pop.call_id !== callId.value) begin(pop)
    },
    { immediate: true },
  )

  desk.listen((message) => {
    if ((message.type === 'draft' || message.type === 'welcome') && message.draft) takeOver(message.draft)
    if (message.type === 'refused' && message.command === 'draft' && message.problem === 'unavailable') keptNot()
  })

  return { draft, callId, by, behind, touched, waits, unsent, filedHere, lastOwn, keepLast, another }
})
