import 'element-plus/theme-chalk/base.css'
import 'element-plus/theme-chalk/dark/css-vars.css'
import './styles/theme.css'
import './styles/page.css'
import '@/shared/ui/controls.css'
import { PiniaColada } from '@pinia/colada'
import { createPinia } from 'pinia'
import { createApp } from 'vue'
import { whenSignedOut } from '@/shared/api/client'
import { i18n, provideCatalogues } from '@/shared/i18n/i18n'
import { useSession } from '@/shared/session/session'
import { useSettings } from '@/shared/settings/settings'
import App from './App.vue'
import { openOffline } from './offline'
import { keepOneSession } from './one-session'
import { router } from './router'

provideCatalogues({ 'zh-CN': () => import('./catalogues/zh-CN'), en: () => import('./catalogues/en') })

const app = createApp(App)
app.use(createPinia())
app.use(PiniaColada, { queryOptions: { staleTime: 15_000, gcTime: 30_000 } })
app.use(i18n)

whenSignedOut(() => {
  const session = useSession()
  const ended = session.who !== null
  session.forget()
  // A page that only asks who is signed in stays where it is: the router knows where it leads.
  if (ended && router.currentRoute.value.meta.open !== true) {
    void router.push({ name: 'sign-in', query: { to: router.currentRoute.value.fullPath } })
  }
})

keepOneSession()
if (import.meta.env.PROD) openOffline(router)

// The code of the page and who is signed in come while the words are on their way; the router awaits both.
for (const { components } of router.resolve(location.pathname).matched) {
  const page = components?.['default']
  if (typeof page === 'function') void (page as () => Promise<unknown>)().catch(() => {})
}
void useSession().load().catch(() => {})

// The words come before the first picture: a page of bare keys is never seen.
await useSettings().apply()
app.use(router)
app.mount('#app')
