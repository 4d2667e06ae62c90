import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  {
    path: '/board',
    name: 'board',
    meta: { roles: ['supervisor', 'administrator'] },
    component: () => import('./pages/BoardPage.vue'),
  },
  {
    path: '/board/alerts',
    name: 'board-alerts',
    meta: { roles: ['supervisor', 'administrator'] },
    component: () => import('./pages/AlertsPage.vue'),
  },
]
