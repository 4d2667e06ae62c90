import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/handovers', name: 'handovers', component: () => import('./pages/HandoversPage.vue'), meta: { roles: ['agent', 'department', 'supervisor', 'administrator'] } },
]
