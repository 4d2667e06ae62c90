import { api, data, onceKey, type Schemas } from '@/shared/api/client'
import type { PhoneKind } from './types'

export type Account = Schemas['BrowserPhoneView']

/** Return the phone that the agent chose; null before the first choice. */
export async function chosenPhone(): Promise<PhoneKind | null> {
  const { kind, chosen } = await data(api.GET('/api/v1/agents/me/phone'))
  return chosen ? kind : null
}

/** Have a phone rung from the next offer on. */
export async function choosePhone(kind: PhoneKind): Promise<PhoneKind> {
  return (await data(api.PUT('/api/v1/agents/me/phone', { body: { kind } }))).kind
}

/** Open the account of this page's phone. */
export async function openAccount(): Promise<Account> {
  return await data(api.POST('/api/v1/agents/me/phone'))
}

/** Have the service ring this phone into the call that it lost. */
export async function reconnectCall(): Promise<void> {
  await data(api.POST('/api/v1/agents/me/call/reconnect', { headers: { 'Idempotency-Key': onceKey() } }))
}
