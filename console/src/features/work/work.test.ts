import { flushPromises } from '@vue/test-utils'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { defineComponent } from 'vue'
import { speak } from '@/shared/i18n/i18n'
import { useKept } from '@/shared/kept/kept'
import { useSession } from '@/shared/session/session'
import { serve, show } from '@/shared/testing/service'
import DutyPage from './pages/DutyPage.vue'
import './words/words'
import { useSign } from './use-sign'
import { byDeadline, dayFrom, filterOf, OPEN_TABS, tabOf, type Row } from './work'

const now = Date.parse('2026-11-29T08:00:00Z')
const row = (id: string, next_due_at: string | null) => ({ id, next_due_at, registered_at: '2026-11-01T00:00:00Z' }) as Row

describe('the work of a department', () => {
  it('is in tabs, which the service filters', () => {
    const filters = Object.fromEntries(OPEN_TABS.map((tab) => [tab, filterOf(tab, 's-1', now)]))
    const status = ['dispatched', 'signed', 'parked']
    expect(filters).toEqual({
      new: { status: ['dispatched'], leads: true }, mine: { status, person_id: 's-1' }, overdue: { status, overdue: true },
      due: { status, overdue: false, due_before: '2026-11-30T08:00:00.000Z' }, open: { status },
    })
  })

  it('shows the most pressing first', () => {
    const rows = [row('paused', null), row('later', '2026-12-05T08:00:00Z'), row('late', '2026-11-29T07:00:00Z')]
    expect(byDeadline(rows).map((one) => one.id)).toEqual(['late', 'later', 'paused'])
  })

  it('begins with what is new', () => {
    expect([tabOf({}), tabOf({ tab: 'overdue' }), tabOf({ tab: 'x' })]).toEqual(['new', 'overdue', 'new'])
  })

  it('counts days over the end of a month', () => {
    expect([dayFrom('2026-11-30', 1), dayFrom('2026-03-01', -1)]).toEqual(['2026-12-01', '2026-02-28'])
  })
})

describe('signing from the list', () => {
  const held = (id: string) => ({ id, number: `26112900${id}`, version: 2 })
  let signing: ReturnType<typeof useSign>
  const Signing = defineComponent({
    setup: () => {
      signing = useSign()
    },
    template: '<p />',
  })

  it('has a result for each ticket, and keeps for later what no network took', async () => {
    useSession().who = { staff_id: 's-1', role: 'department' } as ReturnType<typeof useSession>['who']
    const asked: [string, string | null][] = []
    let up = true
    vi.stubGlobal('fetch', async (request: Request) => {
      if (!up) throw new TypeError('no network')
      const path = new URL(request.url).pathname
      asked.push([path, request.headers.get('Idempotency-Key')])
      const gone = path.includes('/t-2/')
      return new Response(JSON.stringify(gone ? { type: '/problems/not-found', title: '未找到', status: 404, detail: '', errors: [] } : {}), { status: gone ? 404 : 200 })
    })
    show(Signing)
    await signing.sign(['t-1', 't-2'].map(held))
    expect(signing.refused.value).toHaveLength(1)
    expect(signing.refused.value[0]).toContain('26112900t-2')

    up = false
    await signing.sign([held('t-3')])
    expect([signing.refused.value, useKept().waiting.map((one) => [one.ticketId, one.action])]).toEqual([[], [['t-3', 'sign']]])
    const key = useKept().waiting[0]?.key ?? ''
    up = true
    await useKept().flush()
    await useKept().flush()
    expect(asked.slice(2)).toEqual([['/api/v1/tickets/t-3/sign', key]])
    vi.unstubAllGlobals()
  })
})

describe('the page of duty', () => {
  beforeAll(() => speak('zh-CN'))

  it('names the department that it shows, and says when a shift is the whole day', async () => {
    useSession().who = { role: 'supervisor' } as ReturnType<typeof useSession>['who']
    const shift = (from_time: string, until_time: string) => ({ weekday: 1, from_time, until_time, recipient_ids: [] })
    serve({
      'GET /departments': [{ id: 'd-0', name: '停用', active: false }, { id: 'd-1', name: '城东所', active: true }, { id: 'd-2', name: '城西所', active: true }],
      'GET /departments/d-1/duty-rota': { shifts: [shift('00:00:00', '00:00:00'), shift('18:00:00', '00:00:00')], overrides: [] },
      'GET /departments/d-1/on-duty': { recipients: [] },
    })
    const page = show(DutyPage)
    await flushPromises()
    expect(page.find('select').element.value).toBe('d-1')
    expect(page.text()).toContain('周一全天')
    expect(page.text()).toContain('18:00–24:00')
    page.unmount()
  })
})
