import { flushPromises } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import { serve, show } from '@/shared/testing/service'
import AreaNotes from '@/shared/ui/AreaNotes.vue'
import NoticesPage from './pages/NoticesPage.vue'

const notice = { id: 'n-1', area: '城东', zh: '抢修停热', en: '', starts_at: '2026-11-29T01:00:00Z', ends_at: '2026-11-30T12:00:00Z', staff_name: '值班长', written_at: '2026-11-29T01:00:00Z' }

describe('notices of areas', () => {
  it('are written and taken back; what is missing is said at its field', async () => {
    const asked = serve({ 'GET /area-notices': [notice] })
    const page = show(NoticesPage)
    await flushPromises()
    expect(page.text()).toContain('抢修停热')
    await page.get('form').trigger('submit')
    expect(page.findAll('.field-error')).toHaveLength(3)
    const [area, , until, zh] = page.findAll('input')
    await area?.setValue('城西')
    await until?.setValue('2026-12-01T20:00')
    await zh?.setValue('停水')
    await page.get('form').trigger('submit')
    await flushPromises()
    await page.get('li button').trigger('click')
    await flushPromises()
    const changed = asked.filter((one) => one.method !== 'GET')
    expect(changed.map((one) => [one.method, one.path])).toEqual([['POST', '/area-notices'], ['DELETE', '/area-notices/n-1']])
    expect(changed[0]?.body).toMatchObject({ area: '城西', zh: '停水', en: '' })
    expect(changed[0]?.body).not.toHaveProperty('starts_at')
  })

  it('are shown beside a customer of the area', () => {
    const notes = [{ id: 'n-1', area: '城东', text: { zh: '抢修停热', en: 'No heat' }, ends_at_ms: 1_800_000_000_000 }]
    expect(show(AreaNotes, { notes }).text()).toContain('城东 抢修停热')
    expect(show(AreaNotes, { notes: [] }).find('ul').exists()).toBe(false)
  })
})
