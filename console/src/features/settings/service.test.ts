import { flushPromises } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import PasswordFields from '@/shared/session/PasswordFields.vue'
import { useSession } from '@/shared/session/session'
import { serve, show } from '@/shared/testing/service'
import OwnService from './components/OwnService.vue'

describe('own queues and skills', () => {
  it('are shown with their titles and levels', async () => {
    serve({ 'GET /queues': [{ name: 'repair', title_zh: '故障报修', title_en: 'Faults' }] })
    useSession().who = { profile: { queues: ['repair', 'gone'], skills: { english: 2, cantonese: 3 } } } as unknown as ReturnType<typeof useSession>['who']
    const panel = show(OwnService)
    await flushPromises()
    expect(panel.findAll('dd').map((one) => one.findAll('.tag').map((tag) => tag.text()))).toEqual([['故障报修', 'gone'], ['cantonese 3 级', 'english 2 级']])
    panel.unmount()
  })
})

describe('the own password', () => {
  it.each([
    ['present', '当前密码不正确', ['当前密码不正确', undefined]],
    ['new', '至少 10 个字', [undefined, '至少 10 个字']],
  ])('says at its field why it was not changed: %s', async (field, rule, expected) => {
    serve({ 'PUT /session/password': { type: '/problems/wrong-password', title: '密码未修改', status: 422, detail: 'the password was not changed', errors: [{ field, rule }] } })
    const form = show(PasswordFields)
    for (const input of form.findAll('[type=password]')) await input.setValue('1234567890')
    await form.find('form').trigger('submit')
    await flushPromises()
    expect(form.findAll('.field').slice(0, 2).map((one) => one.find('.field-error').exists() ? one.find('.field-error').text() : undefined)).toEqual(expected)
    expect(form.find('[role=alert]').exists()).toBe(false)
    form.unmount()
  })

  it('says what is wrong with no field', async () => {
    serve({ 'PUT /session/password': { type: '/problems/unavailable', title: '暂时不可用', status: 503, detail: '' } })
    const form = show(PasswordFields)
    for (const input of form.findAll('[type=password]')) await input.setValue('1234567890')
    await form.find('form').trigger('submit')
    await flushPromises()
    expect(form.find('[role=alert]').exists()).toBe(true)
    form.unmount()
  })
})
