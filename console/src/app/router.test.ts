import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it } from 'vitest'
import { entry } from '@/features/session/target'
import { serve } from '@/shared/testing/service'
import { router } from './router'

describe('the way to a page', () => {
  it('asks nothing where nobody can be signed in', async () => {
    setActivePinia(createPinia())
    localStorage.removeItem('hotline.signed-in')
    const asked = serve({})
    await router.push('/report')
    expect([router.currentRoute.value.name, asked.filter((one) => one.path === '/session')]).toEqual(['public-report', []])
    await router.push('/people')
    expect(router.currentRoute.value.name).toBe('sign-in')
  })

  beforeEach(() => {
    localStorage.setItem('hotline.signed-in', '1')
    serve({ 'GET /session': { role: 'agent', staff_number: '1001', password_one_time: false, time_zone: 'Asia/Shanghai' } })
  })

  it('of another role says that it is not for this one, at its own address', async () => {
    await router.push('/board?wall')
    expect([router.currentRoute.value.name, router.currentRoute.value.fullPath]).toEqual(['not-for-role', '/board?wall'])
    await router.push('/nowhere')
    expect(router.currentRoute.value.name).toBe('not-found')
  })

  it('leads to the own first page after signing in to that of another', () => {
    const path = (asked: string) => {
      const to = entry(router, asked, 'agent')
      return typeof to === 'string' ? to : to.fullPath
    }
    expect([path('/board'), path('/tickets?text=1'), path('//evil')]).toEqual(['/', '/tickets?text=1', '/'])
  })
})
