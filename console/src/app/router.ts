import { createRouter, createWebHistory, type RouteRecordRaw } from 'vue-router'
import { useSession, type Role } from '@/shared/session/session'
import { homeOf } from './navigation'

declare module 'vue-router' {
  interface RouteMeta {
    /** Open to people who are not signed in, without the frame. */
    open?: boolean
    /** Roles that may see the page; everyone signed in without it. */
    roles?: readonly Role[]
  }
}

const found = import.meta.glob<{ routes: RouteRecordRaw[] }>('../features/*/routes.ts', { eager: true })
const features = Object.values(found).flatMap((feature) => feature.routes)

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: '/', name: 'home', redirect: () => ({ name: homeOf(useSession().role) }) },
    ...features,
    { path: '/:rest(.*)*', name: 'not-found', component: () => import('./NotFoundPage.vue') },
    // Shown at the address that was asked: the guard names it.
    { path: '/:rest(.*)*', name: 'not-for-role', component: () => import('./NotForRolePage.vue') },
  ],
})

router.beforeEach(async (to) => {
  const session = useSession()
  try {
    await session.load()
  } catch {
    // Without the service nothing can be shown: the sign-in page says so, and comes back here.
    return to.meta.open === true ? true : { name: 'sign-in', query: { to: to.fullPath } }
  }
  // The way from the root was chosen before it was known who is signed in.
  if (session.who !== null && to.name === 'sign-in' && to.redirectedFrom?.path === '/') return { name: homeOf(session.who.role) }
  if (to.meta.open === true) return true
  if (session.who === null) return { name: 'sign-in', query: { to: to.fullPath } }
  if (session.who.password_one_time) return { name: 'new-password', query: { to: to.fullPath } }
  const { roles } = to.meta
  if (roles === undefined || roles.includes(session.who.role)) return true
  return { name: 'not-for-role', params: { rest: to.path.slice(1).split('/') }, query: to.query, replace: true }
})
