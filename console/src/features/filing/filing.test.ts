import { flushPromises } from '@vue/test-utils'
import { afterEach, describe, expect, it } from 'vitest'
import { serve, show } from '@/shared/testing/service'
import { asTicket } from './new-ticket'
import FilingPage from './pages/FilingPage.vue'

const customer = { id: 'a', name: '王秀英', address: '建设街8号2单元301', area: '城东', phones: [{ number: '+8613800000001', current: true }] }
const filed = { id: 't-1', number: '26120100007' }

afterEach(() => {
  document.body.innerHTML = ''
  localStorage.clear()
})

function page(answers: Record<string, unknown> = {}) {
  const asked = serve({ 'GET /departments': [], 'GET /categories': [], 'GET /ticket-forms': [], 'GET /labels': { groups: {} }, 'POST /tickets': filed, ...answers })
  return { asked, form: show(FilingPage), posts: () => asked.filter((one) => one.path === '/tickets') }
}

describe('a ticket without a call on a desk', () => {
  it('is filed once, from the counter, for a customer who was found', async () => {
    const { form, posts } = page({ 'GET /customers': [customer], 'GET /customers/a': customer })
    await flushPromises()
    await form.find('form').trigger('submit')
    await flushPromises()
    expect([posts().length, form.find('[aria-invalid=true]').exists()]).toEqual([0, true])
    const find = form.find('input[type=search]')
    ;(find.element as HTMLInputElement).value = '秀英'
    await find.trigger('change')
    await flushPromises()
    await form.find('.found button').trigger('click')
    await flushPromises()
    expect(form.text()).toContain('用户：王秀英')
    // Another person: what the customer filled in goes with the customer; then the customer again.
    await form.find('.chosen button').trigger('click')
    await flushPromises()
    expect((form.find('input[inputmode=tel]').element as HTMLInputElement).value).toBe('')
    const search = form.find('input[type=search]')
    ;(search.element as HTMLInputElement).value = '秀英'
    await search.trigger('change')
    await flushPromises()
    await form.find('.found button').trigger('click')
    await flushPromises()
    const [subject] = form.findAll('input[maxlength="200"]')
    await subject?.setValue('来信反映暖气不热')
    await form.find('form').trigger('submit')
    await form.find('form').trigger('submit')
    await flushPromises()
    expect(posts()).toHaveLength(1)
    expect(posts()[0]?.body).toMatchObject({
      channel: 'counter', subject: '来信反映暖气不热', address: '建设街8号2单元301', area: '城东', call_id: null,
      reporter: { customer_id: 'a', name: '王秀英', number: '138 0000 0001' },
    })
    expect(localStorage.getItem('hotline.new_ticket')).toBeNull()
    form.unmount()
  })

  it('names all that must be filled in at once, and sends nothing before', async () => {
    const field = (name: string, required: boolean) => ({ name, kind: 'text', zh: name, en: name, required, choices: [] })
    const { form, posts } = page({ 'GET /ticket-forms': [{ kind: 'consultation', version: 1, fields: [field('product', true), field('model', false)] }] })
    await flushPromises()
    await form.find('form').trigger('submit')
    await flushPromises()
    expect(form.findAll('.field-error').map((one) => one.text())).toEqual(['请填写', '请填写'])
    await form.findAll('input[maxlength="200"]')[0]?.setValue('保修')
    await form.find('form').trigger('submit')
    await flushPromises()
    expect(form.findAll('.field-error')).toHaveLength(1)
    expect(posts()).toHaveLength(0)
    form.unmount()
  })

  it('keeps what was typed through a reload, and shows a refusal at its field', async () => {
    const refused = { type: '/problems/invalid', title: '填写有误', detail: '', status: 422, errors: [{ field: 'reporter.number', rule: '不是电话号码' }] }
    const first = page({ 'POST /tickets': refused })
    await flushPromises()
    await first.form.findAll('input[maxlength="200"]')[0]?.setValue('漏水')
    await first.form.find('input[inputmode=tel]').setValue('12')
    await first.form.find('form').trigger('submit')
    await flushPromises()
    expect(first.form.find('.field-error').text()).toBe('不是电话号码')
    first.form.unmount()
    const again = page()
    await flushPromises()
    expect((again.form.find('input[inputmode=tel]').element as HTMLInputElement).value).toBe('12')
    again.form.unmount()
  })

  it('leaves out what is empty', () => {
    const draft = { channel: 'letter', kind: 'complaint', subject: 'x', description: '', category_id: null, urgency: 'normal', address: '', area: '', name: ' 李 ', number: ' ', customer_id: null, form: { a: '', b: 1 }, call_id: null, filled: { name: '', address: '', area: '', number: '' }, key: 'k' } as const
    expect(asTicket({ ...draft })).toMatchObject({ form: { b: 1 }, reporter: { customer_id: null, name: '李', number: null } })
  })
})
