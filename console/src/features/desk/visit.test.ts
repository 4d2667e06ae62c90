import { flushPromises } from '@vue/test-utils'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { serve, show } from '@/shared/testing/service'
import ArrearsReminder from './components/ArrearsReminder.vue'
import BookVisit from './components/BookVisit.vue'

const FROM = '2026-12-03T00:00:00Z'
const window = (visit_from: string, free: number) => ({ day: '2026-12-03', visit_from, visit_until: '2026-12-03T02:00:00Z', places: 2, booked: 2 - free, free })
const ticket = { id: 't-1', version: 3, urgency: 'normal', kind: 'fault', department_id: null, visit_booked: false, visit_from: null, visit_until: null }

afterEach(() => {
  document.body.innerHTML = ''
  vi.unstubAllGlobals()
})

describe('a visit agreed on in the call', () => {
  it('is booked in a free window of the department in view', async () => {
    const asked = serve({ 'GET /departments': [], 'GET /categories': [], 'GET /departments/east/appointment-windows': [window(FROM, 1), window('2026-12-03T06:00:00Z', 0)] })
    const form = show(BookVisit, { ticket, department: 'east' })
    await flushPromises()
    expect(form.findAll('option').map((one) => one.element.value)).toEqual(['', FROM])
    await form.find('form').trigger('submit')
    expect(asked.filter((one) => one.method === 'POST')).toEqual([])
    await form.find('select').setValue(FROM)
    await form.find('form').trigger('submit')
    await flushPromises()
    expect(asked.find((one) => one.method === 'POST')).toMatchObject({ path: '/tickets/t-1/appointment', body: { visit_from: FROM, department_id: 'east', version: 3 } })
    expect(form.emitted('booked')).toHaveLength(1)
    await form.setProps({ ticket: { ...ticket, visit_booked: true, visit_from: FROM, visit_until: '2026-12-03T02:00:00Z' } })
    expect([form.find('[role=status]').text().startsWith('已预约上门：'), form.find('button').text()]).toEqual([true, '改约'])
  })

  it('says why it was refused, at its field, and keeps the choice', async () => {
    const full = { type: '/problems/window-full', title: '此时段已约满', detail: '此时段已约满', status: 409 }
    serve({ 'GET /departments': [], 'GET /categories': [], 'GET /departments/east/appointment-windows': [window(FROM, 1)], 'POST /tickets/t-1/appointment': full })
    const form = show(BookVisit, { ticket, department: 'east' })
    await flushPromises()
    await form.find('select').setValue(FROM)
    await form.find('form').trigger('submit')
    await flushPromises()
    expect(form.find('.field-error').text()).toContain('此时段已约满')
    expect(form.find('select').element.value).toBe(FROM)
  })

  it('has no window before there is a department, and says so', async () => {
    serve({ 'GET /departments': [], 'GET /categories': [] })
    const form = show(BookVisit, { ticket, department: '' })
    await flushPromises()
    expect([form.find('select').exists(), form.text().includes('先选部门，再选上门时段')]).toEqual([false, true])
  })
})

describe('the reminder of arrears', () => {
  it('is answered by a click, and shows what was said the last time', async () => {
    const before = { call_id: 'c-0', customer_id: 'a', outcome: 'disputed', arrears_cents: 100, staff_name: '刘芳', at: '2026-11-20T01:00:00Z' }
    const answers: Record<string, unknown> = {
      'GET /labels': { groups: { ReminderOutcome: { promised: { zh: '答应缴费', en: 'will pay' }, disputed: { zh: '对金额有异议', en: 'does not agree' } } } },
      'GET /customers/a/arrears-reminders': [before],
      'PUT /calls/c-1/arrears-reminder': {},
    }
    const asked = serve(answers)
    const note = show(ArrearsReminder, { callId: 'c-1', customerId: 'a' })
    await flushPromises()
    expect(note.text()).toContain('上次提醒')
    expect(note.text()).toContain('对金额有异议')
    expect(note.findAll('button[aria-pressed=true]')).toHaveLength(0)
    answers['GET /customers/a/arrears-reminders'] = [{ ...before, call_id: 'c-1', outcome: 'promised' }, before]
    await note.findAll('button')[0]?.trigger('click')
    await flushPromises()
    expect(asked.find((one) => one.method === 'PUT')?.body).toEqual({ customer_id: 'a', outcome: 'promised' })
    expect(note.find('button[aria-pressed=true]').text()).toBe('答应缴费')
  })
})
