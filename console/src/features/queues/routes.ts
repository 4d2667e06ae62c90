import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  {
    path: '/queues',
    name: 'queues',
    meta: { roles: ['supervisor', 'administrator'] },
    component: () => import('./pages/QueuesPage.vue'),
  },
]
