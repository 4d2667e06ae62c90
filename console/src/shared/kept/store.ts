/** A photo or document that waits to be sent. */
export interface KeptFile {
  /** Idempotency key of its upload. */
  key: string
  name: string
  content: Blob
  /** Id that the service gave it; null until it is there. */
  id: string | null
}

/** An action on a ticket that waits to be sent. */
export interface KeptAction {
  /** Idempotency key of the action: sent twice, it is carried out once. */
  key: string
  staffId: string
  ticketId: string
  ticketNumber: string
  action: string
  path: string
  body: Record<string, unknown>
  /** What was typed, as the form has it. */
  values: Record<string, string>
  files: KeptFile[]
  at: number
  /** Refusal of the service, in the page's language; the words stay until the person has dealt with it. */
  refusal: string | null
}

export interface KeptStore {
  all: () => Promise<KeptAction[]>
  put: (action: KeptAction) => Promise<void>
  remove: (key: string) => Promise<void>
}

const [NAME, TABLE] = ['hotline-kept', 'actions']

/** Open the browser's own store, which survives the page and the telephone's restart; in memory where it has none. */
export async function openStore(): Promise<KeptStore> {
  if (typeof indexedDB === 'undefined') return inMemory()
  try {
    return inBrowser(await opened())
  } catch {
    // A private window may forbid it.
    return inMemory()
  }
}

function opened(): Promise<IDBDatabase> {
  const asked = indexedDB.open(NAME, 1)
  asked.addEventListener('upgradeneeded', () => asked.result.createObjectStore(TABLE, { keyPath: 'key' }))
  return result(asked)
}

function inBrowser(database: IDBDatabase): KeptStore {
  const table = (mode: IDBTransactionMode) => database.transaction(TABLE, mode).objectStore(TABLE)
  return {
    all: () => result(table('readonly').getAll() as IDBRequest<KeptAction[]>),
    put: async (action) => void (await result(table('readwrite').put(action))),
    remove: async (key) => void (await result(table('readwrite').delete(key))),
  }
}

function inMemory(): KeptStore {
  const actions = new Map<string, KeptAction>()
  return {
    all: async () => [...actions.values()],
    put: async (action) => void actions.set(action.key, action),
    remove: async (key) => void actions.delete(key),
  }
}

function result<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result))
    request.addEventListener('error', () => reject(request.error ?? new Error('the browser stores nothing')))
  })
}
