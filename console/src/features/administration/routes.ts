import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/administration/:part(accounts|departments|categories|recipients)?', name: 'administration', props: true, component: () => import('./pages/AdministrationPage.vue'), meta: { roles: ['administrator'] } },
]
