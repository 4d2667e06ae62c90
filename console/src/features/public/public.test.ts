import { flushPromises } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import { serve, show } from '@/shared/testing/service'
import { asReport, rememberSent, sentReports, useDraft } from './draft'
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

  it('offer the causes of the kind, and keep none that the kind has not', async () => {
    const cause = (id: string, parent_id: string | null, fits: string[]) => ({ id, name: id, name_en: '', parent_id, fits })
    const causes = [cause('heat', null, ['fault']), cause('cold', 'heat', ['fault']), cause('rude', null, ['after_sales'])]
    serve({ ...OFFERS, 'GET /public/categories': causes })
    const page = show(ReportPage)
    await flushPromises()
    const [kind, select] = page.findAll('select')
    const offered = () => select?.findAll('option').slice(1).map((one) => one.element.value)
    expect(offered()).toEqual(['cold'])
    await select?.setValue('cold')
    await kind?.setValue('after_sales')
    await flushPromises()
    expect([offered(), useDraft().draft.category_id]).toEqual([['rude'], null])
  })

  it('say that a report was added to an earlier one', async () => {
    serve({ ...OFFERS, 'POST /public/reports': { number: '26113000001', added: true, visit_code: '' } })
    const page = show(ReportPage)
    await flushPromises()
    await page.find('form').trigger('submit')
    await flushPromises()
    expect(page.find('h1').text()).toBe(zh.receipt.added_title)
    expect(page.find('.receipt').text()).toContain(zh.receipt.added)
  })

  it('keep the first words of a report that more was added to', () => {
    for (const [number, subject] of [['1', '暖气不热'], ['2', '漏水'], ['1', '还是不热']] as const) rememberSent({ number, subject })
    expect(sentReports()).toEqual([{ number: '1', subject: '暖气不热' }, { number: '2', subject: '漏水' }])
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

  it('say that a visit is cancelled when its form is gone', async () => {
    const booked = { visit_from: '2026-12-04T01:00:00Z', visit_until: '2026-12-04T04:00:00Z' }
    const answers: Record<string, unknown> = {
      'POST /public/progress': { number: '26113000001', kind: 'fault', stage: 'handled', department: '', registered_at: '2026-12-03T04:47:00Z', ...booked, visit_booked: true, closed_at: null, zh: '处理中', en: 'in progress' },
      'POST /public/visit': { ...booked, windows: [booked, { visit_from: '2026-12-05T01:00:00Z', visit_until: '2026-12-05T04:00:00Z' }] },
      'POST /public/visit/cancel': { visit_from: null, visit_until: null, windows: [] },
    }
    serve(answers)
    const page = show(ProgressPage)
    await page.find('form').trigger('submit')
    await flushPromises()
    await page.find('.visit form').trigger('submit')
    await flushPromises()
    // The booked window is none to move to.
    expect(page.findAll('.visit option').map((one) => (one.element as HTMLOptionElement).value)).toEqual(['', '2026-12-05T01:00:00Z'])
    const press = (words: string) => page.findAll('.visit button').find((one) => one.text() === words)?.trigger('click')
    await press(zh.visit.cancel)
    answers['POST /public/progress'] = { ...(answers['POST /public/progress'] as object), visit_from: null, visit_until: null, visit_booked: false }
    await press(zh.visit.cancel_now)
    await flushPromises()
    expect([page.find('.visit').exists(), page.find('.found').text()]).toEqual([false, expect.stringContaining(zh.visit.cancelled)])
    page.unmount()
  })

  it('tell how long a form was open', () => {
    const { draft } = useDraft()
    expect(asReport(draft, draft.opened_at + 4900).seconds).toBe(4)
    expect(asReport(draft, draft.opened_at - 10).seconds).toBe(0)
  })

  it('say what each field of a question about progress wants', async () => {
    const errors = ['number', 'check'].map((field) => ({ field, rule: '格式不正确' }))
    serve({ 'POST /public/progress': { status: 422, type: '/problems/invalid', title: '有字段不符合规则', detail: '填写的内容有误。', errors } })
    const page = show(ProgressPage)
    const said = async () => {
      await page.find('form').trigger('submit')
      await flushPromises()
      return page.findAll('.field-error').map((one) => one.text())
    }
    expect(await said()).toEqual(['请填写', '请填写'])
    await page.findAll('input')[0]?.setValue('12')
    await page.findAll('input')[1]?.setValue('12')
    expect(await said()).toEqual(['应为 6 至 20 位数字', '应为 4 位数字'])
  })

  it('say that too many questions were asked', async () => {
    serve({ 'POST /public/progress': { status: 429, type: '/problems/too-many', title: '请求过多', detail: '', errors: [] } })
    const page = show(ProgressPage)
    await page.find('form').trigger('submit')
    await flushPromises()
    expect(page.find('[role=alert]').text()).toBe(zh.ask.wait)
  })
})
