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
    const finding = { line: 2, rule: 'no-queues', message: 'a list of queues', severity: 'error' }
    const asked = serve({ 'GET /queue-documents': versions, 'GET /queue-documents/1': newest, 'POST /queue-documents/check': [finding] })
    const page = show(QueuesPage)
    await flushPromises()
    expect(page.find('textarea').element.value).toBe(newest.text)
    expect(page.text()).toContain('+b')
    await page.find('input').setValue('试试')
    await page.findAll('.buttons button')[1]?.trigger('click')
    await flushPromises()
    expect(page.find('li').text()).toContain('a list of queues')
    expect(asked.filter((one) => one.method === 'POST').map((one) => one.path)).toEqual(['/queue-documents/check'])
    await page.find('li button').trigger('click')
    const area = page.find('textarea').element
    expect([area.selectionStart, area.selectionEnd]).toEqual([11, 21])
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
