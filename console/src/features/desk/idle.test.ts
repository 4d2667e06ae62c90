import { flushPromises } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import { serve, show } from '@/shared/testing/service'
import IdleNotices from './components/IdleNotices.vue'

const at = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString()
const notice = (id: string, zh: string, from: number, until: number) => ({ id, area: '城东', zh, en: '', starts_at: at(from), ends_at: at(until), staff_name: '值班长', written_at: at(-9) })

describe('an idle desk', () => {
  it('shows the notices in force', async () => {
    serve({ 'GET /area-notices': [notice('1', '抢修停热', -1, 2), notice('2', '明日停水', 20, 24)] })
    const shown = show(IdleNotices)
    await flushPromises()
    expect(shown.text()).toContain('抢修停热')
    expect(shown.text()).not.toContain('明日停水')
  })
})
