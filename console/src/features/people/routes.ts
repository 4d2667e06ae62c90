import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/people', name: 'people', component: () => import('./pages/PeoplePage.vue') },
]
