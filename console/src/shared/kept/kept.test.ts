import { afterEach, describe, expect, it, vi } from 'vitest'
import { useSession } from '@/shared/session/session'
import { GONE, useKept } from './kept'
import type { KeptAction } from './store'

const action = (): KeptAction => ({
  key: 'a-1', staffId: 's-1', ticketId: 't-1', ticketNumber: '26112900001', action: 'reply', path: '/api/v1/tickets/t-1/reply',
  body: { text: '已修好', version: 3 }, values: { text: '已修好' }, at: 1, refusal: null,
  files: [{ key: 'f-1', name: 'a.jpg', content: new Blob(['x']), id: null }],
})

/** A service behind a network that comes and goes. */
function network() {
  const asked: { path: string; key: string | null; body: string }[] = []
  const state = { up: false, refusal: null as null | { status: number; body: unknown } }
  vi.stubGlobal('fetch', async (request: Request) => {
    if (!state.up) throw new TypeError('no network')
    const path = new URL(request.url).pathname
    asked.push({ path, key: request.headers.get('Idempotency-Key'), body: await request.text() })
    if (state.refusal && path.endsWith('/reply')) return new Response(JSON.stringify(state.refusal.body), { status: state.refusal.status })
    return new Response(JSON.stringify({ id: 'file-9' }), { status: 200 })
  })
  return { asked, state }
}

function signedIn() {
  useSession().who = { staff_id: 's-1' } as never
  return useKept()
}

afterEach(() => vi.unstubAllGlobals())

describe('what is kept without a network', () => {
  it('is sent once it is back, each part under its own key', async () => {
    const { asked, state } = network()
    const kept = signedIn()
    expect(await kept.submit(action())).toBe('kept')
    expect(kept.waiting).toHaveLength(1)
    state.up = true
    await kept.flush()
    await kept.flush()
    expect(asked.map((one) => [one.path, one.key])).toEqual([['/api/v1/tickets/t-1/files', 'f-1'], ['/api/v1/tickets/t-1/reply', 'a-1']])
    expect(JSON.parse(asked[1]?.body ?? '')).toEqual({ text: '已修好', version: 3, file_ids: ['file-9'] })
    expect(kept.own).toEqual([])
  })

  it('keeps its words where the service refuses it later', async () => {
    const { state } = network()
    const kept = signedIn()
    await kept.submit(action())
    state.up = true
    state.refusal = { status: 409, body: { type: '/problems/ticket-changed', title: '工单已被他人修改', status: 409, detail: '工单已被他人修改', errors: [] } }
    await kept.flush()
    expect(kept.refused.map((one) => [one.refusal, one.values])).toEqual([['工单已被他人修改', { text: '已修好' }]])
  })

  it('knows a ticket that is seen no more', async () => {
    const { state } = network()
    const kept = signedIn()
    await kept.submit(action())
    state.up = true
    state.refusal = { status: 404, body: { type: '/problems/not-found', title: '未找到', status: 404, detail: '没有该工单，或您无权查看。', errors: [] } }
    await kept.flush()
    expect(kept.refused.map((one) => one.refusal)).toEqual([GONE])
  })

  it('is told at once where the service refuses it, and belongs to its person', async () => {
    const { state } = network()
    const kept = signedIn()
    state.up = true
    state.refusal = { status: 409, body: { type: '/problems/ticket-state', title: '当前状态不允许', status: 409, detail: '当前状态不允许', errors: [] } }
    await expect(kept.submit(action())).rejects.toThrow('当前状态不允许')
    expect(kept.own).toEqual([])
    state.up = false
    await kept.submit({ ...action(), staffId: 's-2' })
    expect(kept.own).toEqual([])
  })
})
