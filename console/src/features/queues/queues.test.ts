import { flushPromises } from '@vue/test-utils'
import { afterEach, describe, expect, it } from 'vitest'
import { keepRules, readRules } from '@/shared/rules/draft'
import { serve, show } from '@/shared/testing/service'
import QueuesPage from './pages/QueuesPage.vue'
import { placeOf } from './queries'

const versions = [
  { version: 1, at: '2026-11-30T01:00:00Z', staff_name: '陈', note: '夜班' },
  { version: 0, at: null, staff_name: '', note: '' },
]
const newest = { ...versions[0], text: 'skills: []\nqueues: []\n', difference: '-a\n+b' }
const file = { ...versions[1], text: '- name: repair\n', difference: '' }

describe('the page of the queues', () => {
  afterEach(() => keepRules(null))

  it('keeps changed rules until they are stored or taken back', async () => {
    serve({ 'GET /queue-documents': versions, 'GET /queue-documents/1': newest })
    const page = show(QueuesPage)
    await flushPromises()
    expect(readRules()).toBeNull()
    await page.find('textarea').setValue('changed')
    expect(readRules()).toEqual({ text: 'changed', follows: 1 })
    page.unmount()
    const again = show(QueuesPage)
    await flushPromises()
    expect(again.find('textarea').element.value).toBe('changed')
    await again.find('textarea').setValue(newest.text)
    expect(readRules()).toBeNull()
    again.unmount()
  })

  it('finds the place of a line', () => {
    expect([placeOf('ab\ncde\n', 1), placeOf('ab\ncde\n', 2), placeOf('ab', 9)]).toEqual([[0, 2], [3, 6], [3, 3]])
  })

  it('shows findings by line, and stores nothing that has errors', async () => {
    const finding = { line: 2, rule: 'no-queues', place: 'overflow.0.to', message: 'a list of queues', severity: 'error' }
    const asked = serve({ 'GET /queue-documents': versions, 'GET /queue-documents/1': newest, 'POST /queue-documents/check': [finding] })
    const page = show(QueuesPage)
    await flushPromises()
    expect(page.find('textarea').element.value).toBe(newest.text)
    expect(page.text()).toContain('+b')
    await page.find('input').setValue('试试')
    await page.findAll('.buttons button')[1]?.trigger('click')
    await flushPromises()
    expect(page.find('li').text()).toContain('溢出规则，第 1 条，去向：a list of queues')
    expect(asked.filter((one) => one.method === 'POST').map((one) => one.path)).toEqual(['/queue-documents/check'])
    await page.find('li button').trigger('click')
    const area = page.find('textarea').element
    expect([area.selectionStart, area.selectionEnd]).toEqual([11, 21])
    page.unmount()
  })

  it('shows no finding of an earlier text', async () => {
    const finding = { line: 2, rule: 'no-queues', message: 'a list of queues', severity: 'error' }
    serve({ 'GET /queue-documents': versions, 'GET /queue-documents/1': newest, 'POST /queue-documents/check': [finding] })
    const page = show(QueuesPage)
    await flushPromises()
    const check = page.findAll('.buttons button')[0]
    await check?.trigger('click')
    await flushPromises()
    expect(page.text()).toContain('a list of queues')
    await page.find('textarea').setValue('changed')
    expect(page.text()).not.toContain('a list of queues')
    await check?.trigger('click')
    await page.find('textarea').setValue('changed before the answer')
    await flushPromises()
    expect(page.text()).not.toContain('a list of queues')
    page.unmount()
  })

  it('numbers the lines', async () => {
    serve({ 'GET /queue-documents': versions, 'GET /queue-documents/1': newest })
    const page = show(QueuesPage)
    await flushPromises()
    expect(page.find('.gutter').text()).toBe('1\n2\n3')
    page.unmount()
  })

  it('shows a day beside itself under the changed rules before they are saved', async () => {
    const side = { queue: 'repair', offered: 9, answered: 7, abandoned: 2, level_of_offered: 70, longest_wait_ms: 61_000, wait_p95_ms: null, occupancy: null }
    const simulation = { day: '2026-11-29', calls: 9, agents: 3, recorded: [side], present: [side], changed: [{ ...side, answered: 9, abandoned: 0 }], left_out: 0 }
    const answered = { name: 'answered', zh: '接起', en: 'answered', unit: 'count' }
    const asked = serve({
      'GET /queue-documents': versions, 'GET /queue-documents/1': newest, 'GET /queues': [], 'GET /figure-definitions': { calls: [answered], agents: [] },
      'POST /queue-simulations': simulation,
    })
    const page = show(QueuesPage)
    await flushPromises()
    await page.find('textarea').setValue('changed')
    await page.find('form.asked').trigger('submit')
    await flushPromises()
    expect(asked.find((one) => one.method === 'POST')?.body).toMatchObject({ rules: 'changed' })
    expect(page.findAll('.sheet tbody td.numbers').map((one) => one.text())).toEqual(['7', '7', '9'])
    expect(page.find('.sheet').text()).toContain('改后规则')
    page.unmount()
  })

  it('says why a day was not tried until the text is changed or checked', async () => {
    const refusal = { type: '/problems/rules-invalid', title: '队列规则有误', status: 422, detail: '第 2 行：name：请填写', errors: [{ field: 'rules', rule: '第 2 行：name：请填写' }] }
    serve({ 'GET /queue-documents': versions, 'GET /queue-documents/1': newest, 'POST /queue-simulations': refusal, 'POST /queue-documents/check': [] })
    const page = show(QueuesPage)
    await flushPromises()
    for (const next of [() => page.find('textarea').setValue('changed'), () => page.findAll('.buttons button')[0]?.trigger('click')]) {
      await page.find('form.asked').trigger('submit')
      await flushPromises()
      const said = page.findAll('[role=alert] p').map((one) => one.text())
      expect(said.at(-1)).toBe('第 2 行：name：请填写')
      await next()
      await flushPromises()
      expect(page.find('[role=alert]').exists()).toBe(false)
    }
    page.unmount()
  })

  it('restores a former version as a new one', async () => {
    const asked = serve({ 'GET /queue-documents': versions, 'GET /queue-documents/1': newest, 'GET /queue-documents/0': file, 'POST /queue-documents': { ...newest, version: 2 } })
    const page = show(QueuesPage)
    await flushPromises()
    await page.findAll('ol .open')[1]?.trigger('click')
    await flushPromises()
    await page.findAll('ol button').find((one) => one.text() === '恢复此版本')?.trigger('click')
    await page.findAll('.buttons button')[1]?.trigger('click')
    await flushPromises()
    expect(asked.find((one) => one.method === 'POST' && one.path === '/queue-documents')?.body).toEqual({ text: file.text, note: '恢复此版本: 0', follows: 1 })
    page.unmount()
  })
})
