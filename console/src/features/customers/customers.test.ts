import { describe, expect, it } from 'vitest'
import { together } from './together'
import type { History } from './queries'

describe('the history of a customer', () => {
  it('is newest first, with joined tickets at the moment they were joined', () => {
    const history = {
      tickets: [{ id: 't-1', registered_at: '2026-11-01T00:00:00Z', joined_at: '2026-11-05T00:00:00Z' }, { id: 't-2', registered_at: '2026-11-02T00:00:00Z', joined_at: null }],
      calls: [{ id: 'c-1', started_at: '2026-11-03T00:00:00Z' }],
    } as unknown as History
    expect(together(history).map((event) => event.id)).toEqual(['t-1', 'c-1', 't-2'])
  })
})
