import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/report', name: 'public-report', meta: { open: true }, component: () => import('./pages/ReportPage.vue') },
  { path: '/progress', name: 'public-progress', meta: { open: true }, component: () => import('./pages/ProgressPage.vue') },
]
