import { PiniaColada } from '@pinia/colada'
import { flushPromises, mount } from '@vue/test-utils'
import { getActivePinia, type Pinia } from 'pinia'
import { describe, expect, it } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'
import { serve, show } from '@/shared/testing/service'
import './words/words'
import AdministrationPage from './pages/AdministrationPage.vue'
import RowForm from './components/RowForm.vue'
import { changed, missing, seenIn } from './fields'
import { emptyOf, fieldsOf, PARTS } from './parts'
import { switched } from './switches'

describe('forms of the administration', () => {
  it('send what changed, and no password that was left empty', () => {
    const fields = fieldsOf('accounts', false)
    const before = { name: '王', role: 'agent', department_id: null, queues: ['repair'], password: '', password_one_time: false, active: true }
    expect(changed(fields, before, before)).toEqual({})
    expect(changed(fields, { ...before, queues: [], active: false }, before)).toEqual({ queues: [], active: false })
    expect(changed(fields, { ...before, password: 'a new password' }, before)).toEqual({ password: 'a new password' })
  })

  it('name what a new row needs', () => {
    for (const part of PARTS) expect(missing(fieldsOf(part, true), emptyOf(part))).toContain('name')
    expect(missing(fieldsOf('accounts', true), emptyOf('accounts'))).toEqual(['staff_number', 'name', 'password'])
  })

  it('say which form a staff number has, before the service is asked', async () => {
    const options = { roles: [{ value: 'agent', label: '坐席' }], departments: [], queues: [], categories: [], channels: [], languages: [], kinds: [] }
    const asked = serve({})
    const form = show(RowForm, { part: 'accounts', row: null, options })
    const field = form.find('.field')
    expect(field.find('.field-hint').text()).toBe('3 至 8 位数字')
    await field.find('input').setValue('A12')
    await form.find('form').trigger('submit')
    expect([field.find('.field-error').text(), asked.filter((one) => one.method === 'POST')]).toEqual(['3 至 8 位数字', []])
    form.unmount()
  })

  it('say of which phone a secret is', async () => {
    serve({ 'GET /labels': { groups: {} }, 'POST /staff': { id: 's-9', endpoint: 'agent1009', sip_password: 'x7' } })
    const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/:part?', name: 'administration', component: AdministrationPage }] })
    const page = mount(AdministrationPage, { global: { plugins: [getActivePinia() as Pinia, PiniaColada, router] } })
    await flushPromises()
    await page.find('.list-head button').trigger('click')
    for (const [at, text] of ['1009', '王敏'].entries()) await page.findAll('form input[type=text]')[at]?.setValue(text)
    await page.find('form input[type=password]').setValue('a long password')
    await page.find('form').trigger('submit')
    await flushPromises()
    expect(page.find('.secret').text()).toBe('话机已开通，用户名：agent1009。请立即记下话机密钥，它只显示这一次： x7')
    page.unmount()
  })

  it('have a value for each field', () => {
    for (const part of PARTS) expect(Object.keys(emptyOf(part))).toEqual(fieldsOf(part, true).map((field) => field.name))
  })

  it('switch one kind of notice on, off, or back to what is usual', () => {
    const off = switched({ 'ticket.urge': true }, 'ticket.dispatch', 'off')
    expect(off).toEqual({ 'ticket.urge': true, 'ticket.dispatch': false })
    expect(switched(off, 'ticket.urge', '')).toEqual({ 'ticket.dispatch': false })
    const fields = fieldsOf('recipients', false)
    const before = { ...emptyOf('recipients'), active: true }
    expect(changed(fields, { ...before, switches: off }, before)).toEqual({ switches: off })
  })
})

describe('a row that two administrators edit', () => {
  const options = { roles: [], departments: [], queues: [], categories: [], channels: [], languages: [], kinds: [] }
  const values = { name: '东区', name_en: '', parent_id: null, area: '城东', active: true }
  const row = (changes: Partial<typeof values> = {}) => ({ id: 'd-1', name: '东区', facts: [], active: true, values: { ...values, ...changes } })

  it('says what was seen in the fields that are changed, but for secrets', () => {
    const fields = fieldsOf('accounts', false)
    expect(seenIn(fields, { team: 'B', password: 'x' }, { team: 'A', password: '', name: '王' })).toEqual({ team: 'A' })
  })

  it('shows what the other changed, keeps the words, and is stored on top of it', async () => {
    const conflict = { status: 409, type: '/problems/edited-meanwhile', title: '他人刚修改过这一项', detail: '', errors: [{ field: 'area', rule: '已被他人修改，请刷新', code: 'changed_meanwhile' }] }
    const asked = serve({ 'PATCH /departments/d-1': conflict })
    const form = show(RowForm, { part: 'departments', row: row(), options })
    const input = (at: number) => form.findAll<HTMLInputElement>('input.control')[at]
    await input(2)?.setValue('城北')
    await form.find('form').trigger('submit')
    await flushPromises()
    expect(form.text()).toContain('已被他人修改，请刷新')

    await form.setProps({ row: row({ area: '城西', name_en: 'East' }) })
    expect(form.find('.meanwhile').text()).toContain('城东 → 城西')
    expect([input(1), input(2)].map((one) => one?.element.value)).toEqual(['East', '城北'])
    await form.find('form').trigger('submit')
    await flushPromises()
    expect(asked.filter((one) => one.method === 'PATCH').map((one) => one.body)).toEqual([
      { area: '城北', before: { area: '城东' } },
      { area: '城北', before: { area: '城西' } },
    ])
  })
})
