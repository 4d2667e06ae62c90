import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { DeskTab } from './desk-tab'

/** Channel between the tabs of a test: what one posts, the others hear. */
class Channel extends EventTarget {
  static open = new Set<Channel>()
  constructor() {
    super()
    Channel.open.add(this)
  }
  postMessage(data: unknown): void {
    for (const one of Channel.open) if (one !== this) one.dispatchEvent(new MessageEvent('message', { data }))
  }
  close(): void {
    Channel.open.delete(this)
  }
}

interface Held {
  name: string
  shared: boolean
  drop: (error: Error) => void
}

/** The browser's locks: the first has one, others wait until it is free, they give up, or they steal it. */
class Locks {
  #held: Held[] = []
  #waiting: (() => void)[] = []
  losesAborts = false

  async request(name: string, { signal, mode, steal = false }: LockOptions, work: () => Promise<void>): Promise<void> {
    const shared = mode === 'shared'
    const free = () => this.#held.every((one) => one.name !== name || (shared && one.shared))
    if (steal) for (const one of this.#held.filter((other) => other.name === name)) one.drop(new Error('stolen'))
    while (!free()) {
      await new Promise<void>((resolve, reject) => {
        this.#waiting.push(resolve)
        signal?.addEventListener('abort', () => !this.losesAborts && reject(new Error('aborted')))
      })
    }
    let drop = (_error: Error): void => {}
    const stolen = new Promise<void>((_resolve, reject) => (drop = reject))
    const held: Held = { name, shared, drop }
    this.#held.push(held)
    await Promise.race([work(), stolen]).finally(() => this.#leave(held))
  }

  #leave(held: Held): void {
    this.#held = this.#held.filter((one) => one !== held)
    for (const wake of this.#waiting.splice(0)) wake()
  }

  async query(): Promise<{ held: { name: string }[] }> {
    return await Promise.resolve({ held: this.#held })
  }
}

let locks: Locks
const tab = (give = () => false) => new DeskTab({ busy: () => false, give })

/** A tab whose page is too busy to answer. */
async function deaf(marks: { call: boolean; shift: boolean }, give = () => false): Promise<DeskTab> {
  const one = tab(give)
  await one.claim()
  one.marks(marks)
  Channel.open.clear()
  return one
}

describe('the desk of an agent', () => {
  beforeEach(() => {
    vi.useFakeTimers()
    vi.stubGlobal('BroadcastChannel', Channel)
    locks = new Locks()
    vi.stubGlobal('navigator', { locks })
  })

  afterEach(() => {
    Channel.open.clear()
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })

  it('waits for the page before it, which a slow machine lets go late', async () => {
    let unloaded = (): void => {}
    void navigator.locks.request('hotline-desk', {}, () => new Promise<void>((resolve) => (unloaded = resolve)))
    const claimed = vi.fn()
    void tab().claim().then(claimed)
    await vi.advanceTimersByTimeAsync(4000)
    expect(claimed).not.toHaveBeenCalled()
    unloaded()
    await vi.advanceTimersByTimeAsync(0)
    expect(claimed).toHaveBeenCalledWith(true)
  })

  it('stays in the tab that has it, which says so at once', async () => {
    expect(await tab().claim()).toBe(true)
    expect(await tab().claim()).toBe(false)
  })

  it('is not waited for once another tab said that it has it, though the browser lost the end of the request', async () => {
    const first = tab()
    expect(await first.claim()).toBe(true)
    locks.losesAborts = true
    const second = tab()
    expect(await second.claim()).toBe(false)
    first.close()
    await vi.advanceTimersByTimeAsync(0)
    expect(await tab().claim()).toBe(true)
  })

  it('is elsewhere where another page keeps it and says nothing', async () => {
    void navigator.locks.request('hotline-desk', {}, () => new Promise<void>(() => {}))
    const claimed = tab().claim()
    await vi.advanceTimersByTimeAsync(10_000)
    expect(await claimed).toBe(false)
  })
  it('stays where a call is, also where that page is too busy to say so', async () => {
    const first = await deaf({ call: true, shift: true })
    const second = tab()
    expect(await second.othersBusy()).toBe(true)
    expect(await second.takeOver()).toBe('busy')
    first.marks({ call: false, shift: true })
    await vi.advanceTimersByTimeAsync(0)
    expect(await second.othersBusy()).toBe(false)
  })

  it('moves with its shift from a page that cannot answer, which lets go when it can', async () => {
    const give = vi.fn(() => true)
    await deaf({ call: false, shift: true }, give)
    const taken = tab().takeOver()
    await vi.advanceTimersByTimeAsync(1500)
    expect(await taken).toBe('given_in_shift')
    expect(give).toHaveBeenCalledTimes(1)
  })

  it('takes no answer to another tab’s question', async () => {
    await deaf({ call: false, shift: true })
    const taken = tab().takeOver()
    await vi.advanceTimersByTimeAsync(0)
    new Channel().postMessage({ type: 'answer', id: 'another', answer: 'busy' })
    await vi.advanceTimersByTimeAsync(1500)
    expect(await taken).toBe('given_in_shift')
  })
})
