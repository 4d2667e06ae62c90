import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/sign-in', name: 'sign-in', meta: { open: true }, component: () => import('./pages/SignInPage.vue') },
  {
    path: '/new-password',
    name: 'new-password',
    meta: { open: true },
    component: () => import('./pages/NewPasswordPage.vue'),
  },
]
