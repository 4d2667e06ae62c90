import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  {
    path: '/notices',
    name: 'notices',
    meta: { roles: ['supervisor', 'department', 'administrator'] },
    component: () => import('./pages/NoticesPage.vue'),
  },
]
