import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  {
    path: '/callbacks',
    name: 'callbacks',
    meta: { roles: ['agent', 'supervisor', 'administrator'] },
    component: () => import('./pages/CallbacksPage.vue'),
  },
]
