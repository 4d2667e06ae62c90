import { flushPromises } from '@vue/test-utils'
import { beforeAll, describe, expect, it } from 'vitest'
import { nextTick } from 'vue'
import { speak } from '@/shared/i18n/i18n'
import { serve, show } from '@/shared/testing/service'
import StaffingPage from './pages/StaffingPage.vue'
import { planOf, wrongNumbers } from './staffing'

beforeAll(() => speak('zh-CN'))

describe('a staffing plan', () => {
  it('names the numbers of its address that break a rule', () => {
    const query = { weeks: '0', level: '150', within_s: '-1', shrinkage: '100' }
    expect(wrongNumbers(query)).toEqual(query)
    expect(wrongNumbers({ weeks: '2.5', level: '', within_s: 'x' })).toEqual({ weeks: '2.5', level: '', within_s: 'x' })
    expect([wrongNumbers({ weeks: '12', level: '99.9', shrinkage: '0' }), planOf({ weeks: '12' }, '2026-11-30').weeks]).toEqual([{}, 12])
  })

  it('keeps a wrong number in its field with the rule, and asks nothing until it is right', async () => {
    const answer = { days: ['2026-11-23'], days_without_calls: ['2026-11-16', '2026-11-09'], patience_ms: null, lines: [], time_zone: 'Asia/Shanghai' }
    const asked = serve({ 'GET /reports/staffing': answer, 'GET /figure-definitions': { staffing: [] } })
    const page = show(StaffingPage)
    await flushPromises()
    expect(page.text()).toContain('参考 1 天：2026-11-23（同类日子 3 天')
    const before = asked.filter((one) => one.path === '/reports/staffing').length
    const weeks = () => page.find<HTMLInputElement>('input[type=number]')
    await weeks().setValue('0')
    await flushPromises()
    await nextTick()
    expect([weeks().element.getAttribute('aria-invalid'), page.find('.field-error').text()]).toEqual(['true', '应为 1 到 12 的整数'])
    expect(weeks().element.value).toBe('0')
    expect(asked.filter((one) => one.path === '/reports/staffing').length).toBe(before)
    await weeks().setValue('3')
    await flushPromises()
    expect([page.find('.field-error').exists(), asked.filter((one) => one.path === '/reports/staffing').length]).toEqual([false, before + 1])
    page.unmount()
  })
})
