import { flushPromises } from '@vue/test-utils'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { useSession } from '@/shared/session/session'
import { serve, show } from '@/shared/testing/service'
import './words/words'
import CallbacksPage from './pages/CallbacksPage.vue'
import { holder } from './queries'

afterEach(() => {
  document.body.innerHTML = ''
  vi.unstubAllGlobals()
})

const caller = (call_id: string, claimed_by: string | null) => ({
  call_id, number: '+8613800000002', customer_id: null, customer_name: '李建国', reason: 'abandoned', queue: 'repair', calls: 2,
  first_at: '2026-11-29T08:00:00Z', last_at: '2026-11-29T09:00:00Z', joined_at: '2026-11-29T08:00:30Z', longest_wait_ms: 62_000, message_call_ids: [], open_tickets: [],
  claimed_by, claimed_by_name: claimed_by, claimed_at: null, attempts: 0, call_again_at: null as string | null,
})

describe('the call-back list', () => {
  it('says whose a caller is', () => {
    expect([null, 'me', 'she'].map((claimed_by) => holder({ claimed_by }, 'me'))).toEqual(['free', 'mine', 'other'])
  })

  it('offers to take a free caller, and results for the own one', async () => {
    useSession().who = { staff_id: 'me', role: 'agent' } as never
    const asked = serve({ 'GET /missed-callers': [caller('a', null), caller('b', 'me'), caller('c', 'she')] })
    const page = show(CallbacksPage)
    await flushPromises()
    const cards = page.findAll('.missed')
    expect(cards.map((card) => card.attributes('data-whose'))).toEqual(['free', 'mine', 'other'])
    expect(cards.map((card) => card.findAll('button').length)).toEqual([2, 6, 0])
    await cards[0]?.find('.missed-work button').trigger('click')
    await flushPromises()
    expect(asked.filter((one) => one.method === 'POST').map((one) => one.path)).toEqual(['/missed-callers/a/claim'])
    page.unmount()
  })

  it('marks a promised time that is past', async () => {
    useSession().who = { staff_id: 'me', role: 'agent' } as never
    const at = (ms: number) => new Date(Date.now() + ms).toISOString()
    serve({ 'GET /missed-callers': [{ ...caller('a', null), call_again_at: at(-600_000) }, { ...caller('b', null), call_again_at: at(600_000) }, caller('c', null)] })
    const page = show(CallbacksPage)
    await flushPromises()
    expect(page.findAll('.missed').map((card) => card.text().includes('已过约定时间'))).toEqual([true, false, false])
    page.unmount()
  })
})
