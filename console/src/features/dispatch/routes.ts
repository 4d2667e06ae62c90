import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  {
    path: '/dispatch',
    name: 'dispatch',
    component: () => import('./pages/DispatchPage.vue'),
    meta: { roles: ['agent', 'supervisor', 'administrator'] },
  },
]
