import { flushPromises } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import { serve, show } from '@/shared/testing/service'
import { asReport, useDraft } from './draft'
import ProgressPage from './pages/ProgressPage.vue'
import ReportPage from './pages/ReportPage.vue'
import en from './words/messages/en.json'
import zh from './words/messages/zh-CN.json'

const OFFERS = {
  'GET /public/forms': [
    { kind: 'fault', fields: [] },
    { kind: 'after_sales', fields: [{ name: 'product', kind: 'text', zh: '产品名称', en: 'Product', required: true, choices: [] }] },
  ],
  'GET /public/categories': [],
  'GET /public/hotline': { hotline: '96001' },
}

function keys(words: object, path = ''): string[] {
  return Object.entries(words).flatMap(([key, value]) => (typeof value === 'string' ? [path + key] : keys(value as object, `${path}${key}.`)))
}

describe('public pages', () => {
  it('have the same words in both languages', () => {
    expect(keys(en).toSorted()).toEqual(keys(zh).toSorted())
  })

  it('send a report with the answers to its kind and the key of its photos', async () => {
    const asked = serve({ ...OFFERS, 'POST /public/reports': { number: '26113000001' } })
    const page = show(ReportPage)
    await flushPromises()
    expect(page.find('.urgent a').attributes()).toMatchObject({ href: 'tel:96001' })
    await page.find('select').setValue('after_sales')
    const field = page.findAll('.field').find((one) => one.text().includes('产品名称'))
    await field?.find('input').setValue('锅炉')
    await page.find('form').trigger('submit')
    await flushPromises()
    const sent = asked.find((one) => one.method === 'POST')
    expect(sent?.body).toMatchObject({ kind: 'after_sales', form: { product: '锅炉' }, website: '', file_ids: [] })
    expect(page.find('.receipt').text()).toContain('26113000001')
  })

  it('keep what was typed and say the rule at its field', async () => {
    const errors = [{ field: 'number', rule: '请输入电话号码', code: 'number' }]
    serve({ ...OFFERS, 'POST /public/reports': { status: 422, type: '/problems/invalid', title: '有字段不符合规则', detail: '', errors } })
    const page = show(ReportPage)
    await flushPromises()
    await page.find('input[type=tel]').setValue('138')
    await page.find('form').trigger('submit')
    await flushPromises()
    expect(page.find('.field-error').text()).toBe('请输入电话号码')
    expect(useDraft().draft.number).toBe('138')
  })

  it('name the hotline, and show times of the house wherever the browser stands', async () => {
    const progress = { number: '26113000001', kind: 'fault', stage: 'registered', department: '', registered_at: '2026-12-03T04:47:00Z', visit_from: null, visit_until: null, visit_booked: false, closed_at: null, zh: '已登记', en: 'registered' }
    serve({ 'GET /public/hotline': { hotline: '96001', time_zone: 'Asia/Shanghai' }, 'POST /public/progress': progress })
    const page = show(ProgressPage)
    await page.find('form').trigger('submit')
    await flushPromises()
    expect(page.find('a[href="tel:96001"]').text()).toBe('96001')
    expect(page.find('.found time').text()).toContain('12:47')
  })

  it('tell how long a form was open', () => {
    const { draft } = useDraft()
    expect(asReport(draft, draft.opened_at + 4900).seconds).toBe(4)
    expect(asReport(draft, draft.opened_at - 10).seconds).toBe(0)
  })

  it('say that too many questions were asked', async () => {
    serve({ 'POST /public/progress': { status: 429, type: '/problems/too-many', title: '请求过多', detail: '', errors: [] } })
    const page = show(ProgressPage)
    await page.find('form').trigger('submit')
    await flushPromises()
    expect(page.find('[role=alert]').text()).toBe(zh.ask.wait)
  })
})
