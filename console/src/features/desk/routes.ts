import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/desk', name: 'desk', meta: { roles: ['agent'] }, component: () => import('./pages/DeskPage.vue') },
]
