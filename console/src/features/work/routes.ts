import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/work', name: 'work', component: () => import('./pages/WorkPage.vue'), meta: { roles: ['department'] } },
  { path: '/visits', name: 'visits', component: () => import('./pages/VisitsPage.vue'), meta: { roles: ['department'] } },
  { path: '/visits/capacity', name: 'capacity', component: () => import('./pages/CapacityPage.vue'), meta: { roles: ['department', 'supervisor', 'administrator'] } },
  { path: '/duty', name: 'duty', component: () => import('./pages/DutyPage.vue'), meta: { roles: ['department', 'supervisor', 'administrator'] } },
]
