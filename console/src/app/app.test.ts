import { flushPromises, mount } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'
import { useSession } from '@/shared/session/session'
import { serve } from '@/shared/testing/service'
import { useToasts } from '@/shared/ui/toasts'
import App from './App.vue'
import AppMenu from './AppMenu.vue'

const blank = { template: '<i />' }

describe('the frame of the pages', () => {
  const pinia = createPinia()
  beforeEach(() => setActivePinia(pinia))

  it('says that a page cannot be opened whose file does not come', async () => {
    serve({})
    const away = () => Promise.reject(new Error('Unable to preload CSS for /assets/DutyPage.css'))
    const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/', component: blank, meta: { open: true } }, { path: '/duty', component: away }] })
    await router.push('/')
    const app = mount(App, { global: { plugins: [pinia, router] } })
    await router.push('/duty').catch(() => {})
    await flushPromises()
    expect(useToasts().shown.map((one) => one.text)).toEqual(['此页打不开：没有网络，或系统刚更新过。请检查网络，再刷新。'])
    app.unmount()
  })

  it('marks the place of a page that stands under the address of another place', async () => {
    useSession().who = { staff_id: 's-1', role: 'supervisor' } as ReturnType<typeof useSession>['who']
    const router = createRouter({
      history: createMemoryHistory(),
      routes: [{ path: '/visits/capacity', name: 'capacity', component: blank }, { path: '/:name(.*)', name: 'other', component: blank }],
    })
    for (const name of ['board', 'reports', 'oversight', 'callbacks', 'surveys', 'tickets', 'dispatch', 'customers', 'duty', 'handovers', 'notices', 'people', 'settings']) router.addRoute({ path: `/${name}`, name, component: blank })
    await router.push('/visits/capacity')
    const menu = mount(AppMenu, { global: { plugins: [pinia, router] } })
    expect(menu.findAll('a.here').map((one) => one.text())).toEqual(['上门容量'])
    menu.unmount()
  })
})
