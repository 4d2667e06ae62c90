import { flushPromises, mount } from '@vue/test-utils'
import { describe, expect, it, vi } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'
import PasswordFields from '@/shared/session/PasswordFields.vue'
import { show } from '@/shared/testing/service'
import SignInPage from './pages/SignInPage.vue'
import { routes } from './routes'
import { target } from './target'

const answer = (status: number, body: object) =>
  vi.fn(async () => new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } }))

async function shown() {
  const home = { path: '/:rest(.*)*', component: { template: '<i />' } }
  const router = createRouter({ history: createMemoryHistory(), routes: [...routes, home] })
  await router.push('/sign-in?to=/tickets/t-1')
  const page = mount(SignInPage, { global: { plugins: [router] } })
  await page.find('[name=username]').setValue(' 1001 ')
  await page.find('[name=password]').setValue('secret')
  return { page, router }
}

describe('the sign-in page', () => {
  it('signs in and goes where the person wanted to', async () => {
    const { page, router } = await shown()
    const fetch = answer(201, { staff_number: '1001', role: 'agent' })
    vi.stubGlobal('fetch', fetch)
    await page.find('form').trigger('submit')
    await flushPromises()
    const [request] = fetch.mock.calls[0] as unknown as [Request]
    expect(await request.json()).toEqual({ staff_number: '1001', password: 'secret' })
    expect(router.currentRoute.value.fullPath).toBe('/tickets/t-1')
  })

  it('says at a field that it is empty, in the page’s own words', async () => {
    const { page } = await shown()
    const fetch = answer(201, {})
    vi.stubGlobal('fetch', fetch)
    await page.find('[name=username]').setValue(' ')
    await page.find('form').trigger('submit')
    expect([page.find('form').attributes('novalidate'), page.findAll('.field-error').map((one) => one.text()), fetch.mock.calls]).toEqual(['', ['请填写'], []])
  })

  it('asks for a new password in its own words', async () => {
    const fields = show(PasswordFields)
    const errors = async () => {
      await fields.find('form').trigger('submit')
      return fields.findAll('.field-error').map((one) => one.text())
    }
    expect(await errors()).toEqual(['请填写', '请填写', '请填写'])
    for (const [at, text] of ['old', 'new', 'other'].entries()) await fields.findAll('input[type=password]')[at]?.setValue(text)
    expect(await errors()).toEqual(['两次输入不一致'])
    fields.unmount()
  })

  it('says in the page’s language why it was refused', async () => {
    const { page } = await shown()
    vi.stubGlobal('fetch', answer(401, { type: '/problems/sign-in-failed', title: '工号或密码错误', status: 401, detail: 'Check the staff number.' }))
    await page.find('form').trigger('submit')
    await flushPromises()
    expect(page.find('[role=alert]').text()).toBe('工号或密码错误')
    expect((page.find('[name=password]').element as HTMLInputElement).value).toBe('')
  })

  it('goes to no other address', () => {
    expect(['//evil.example', '/\\evil.example', 'https://evil.example', undefined].map(target)).toEqual(['/', '/', '/', '/'])
  })
})
