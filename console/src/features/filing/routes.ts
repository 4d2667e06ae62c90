import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/tickets/new', name: 'new-ticket', component: () => import('./pages/FilingPage.vue'), meta: { roles: ['agent', 'supervisor', 'administrator'] } },
]
