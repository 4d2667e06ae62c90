import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/oversight', name: 'oversight', component: () => import('./pages/OversightPage.vue'), meta: { roles: ['supervisor', 'quality', 'administrator'] } },
]
