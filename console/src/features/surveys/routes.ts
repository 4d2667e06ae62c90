import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/surveys', name: 'surveys', component: () => import('./pages/SurveysPage.vue'), meta: { roles: ['agent', 'supervisor'] } },
]
