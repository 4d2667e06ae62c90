import createClient from 'openapi-fetch'
import { ApiProblem, asProblem, NETWORK } from './problems'
import type { components, paths } from './schema'

/** Schemas of the service by name. */
export type Schemas = components['schemas']

/** Client of the service; the cookie of the session goes along by itself. */
export const api = createClient<paths>({
  baseUrl: '/',
  credentials: 'same-origin',
  // Looked up at each request, so that tests can stand in for it.
  fetch: (request) => globalThis.fetch(request),
})

// The service words its refusals in the language of the page.
api.use({
  onRequest: ({ request }) => {
    request.headers.set('Accept-Language', document.documentElement.lang)
  },
})

interface Answer<T> {
  data?: T
  error?: unknown
  response: Response
}

type Listener = () => void
let onSignedOut: Listener = () => {}

/** Set what happens when the service no longer knows the session. */
export function whenSignedOut(listener: Listener): void {
  onSignedOut = listener
}

/** Return the data of an answer. Throws an `ApiProblem` for a refusal or where nothing answers. */
export async function data<T>(asked: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>
  try {
    answer = await asked
  } catch {
    throw new ApiProblem(0, NETWORK)
  }
  if (answer.response.ok) return answer.data as T
  const problem = asProblem(answer.response.status, answer.error)
  if (problem.slug === 'unauthenticated') onSignedOut()
  throw problem
}

/** Return a new key: a request sent twice with it is carried out once. */
export function onceKey(): string {
  return crypto.randomUUID()
}

/** Send the request that an offer of the service describes. */
export function carryOut<T>(offer: { method: string; path: string }, body: Record<string, unknown>, key: string): Promise<T> {
  const request = new Request(offer.path, {
    method: offer.method,
    body: JSON.stringify(body),
    headers: {
      'Content-Type': 'application/json',
      'Accept-Language': document.documentElement.lang,
      'Idempotency-Key': key,
    },
  })
  return data(answered<T>(request))
}

/** Send a file of a ticket as the body; sent twice with one key, it is one file. */
export function uploadFile(ticketId: string, name: string, content: Blob, key: string): Promise<Schemas['FileView']> {
  return uploadTo(`/api/v1/tickets/${encodeURIComponent(ticketId)}/files?name=${encodeURIComponent(name)}`, content, key)
}

/** Send a file of a report that is not filed yet, under the report's key. */
export function uploadForReport(report: string, name: string, content: Blob, key: string): Promise<Schemas['FileReceipt']> {
  return uploadTo(`/api/v1/public/files?report=${encodeURIComponent(report)}&name=${encodeURIComponent(name)}`, content, key)
}

/** Send a file of customers; it is read and checked, and nothing is applied yet. */
export function uploadCustomers(content: Blob): Promise<Schemas['ImportView']> {
  return uploadTo('/api/v1/customer-imports', content, onceKey())
}

function uploadTo<T>(address: string, content: Blob, key: string): Promise<T> {
  const request = new Request(address, {
    method: 'POST',
    body: content,
    headers: { 'Content-Type': 'application/octet-stream', 'Accept-Language': document.documentElement.lang, 'Idempotency-Key': key },
  })
  return data(answered<T>(request))
}

async function answered<T>(request: Request): Promise<Answer<T>> {
  const response = await globalThis.fetch(request)
  const body: unknown = await response.json().catch(() => undefined)
  return response.ok ? { data: body as T, response } : { error: body, response }
}
