import type { RouteRecordRaw } from 'vue-router'
import type { Role } from '@/shared/session/session'

const LEADERS: readonly Role[] = ['supervisor', 'administrator']
const READERS: readonly Role[] = ['quality', ...LEADERS]

export const routes: RouteRecordRaw[] = [
  { path: '/reports', name: 'reports', meta: { roles: READERS }, component: () => import('./pages/ReportsPage.vue') },
  { path: '/reports/list', name: 'report-list', meta: { roles: READERS }, component: () => import('./pages/ReportListPage.vue') },
  { path: '/reports/calendar', meta: { roles: LEADERS }, component: () => import('./pages/ReportCalendarPage.vue') },
  { path: '/reports/staffing', meta: { roles: READERS }, component: () => import('./pages/StaffingPage.vue') },
  { path: '/reports/matrix', meta: { roles: READERS }, component: () => import('./pages/MatrixPage.vue') },
  { path: '/reports/shifts', meta: { roles: LEADERS }, component: () => import('./pages/ShiftsPage.vue') },
  { path: '/reports/simulation', meta: { roles: LEADERS }, component: () => import('./pages/SimulationPage.vue') },
  { path: '/calls/:id', meta: { roles: ['agent', ...READERS] }, component: () => import('./pages/CallPage.vue') },
]
