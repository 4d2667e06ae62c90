import type { RouteRecordRaw } from 'vue-router'
import type { Role } from '@/shared/session/session'

const READERS: readonly Role[] = ['supervisor', 'quality', 'administrator']

export const routes: RouteRecordRaw[] = [
  { path: '/reports', name: 'reports', meta: { roles: READERS }, component: () => import('./pages/ReportsPage.vue') },
  { path: '/reports/list', name: 'report-list', meta: { roles: READERS }, component: () => import('./pages/ReportListPage.vue') },
  { path: '/reports/calendar', name: 'report-calendar', meta: { roles: ['supervisor', 'administrator'] }, component: () => import('./pages/ReportCalendarPage.vue') },
  { path: '/reports/staffing', name: 'report-staffing', meta: { roles: READERS }, component: () => import('./pages/StaffingPage.vue') },
  { path: '/reports/simulation', name: 'report-simulation', meta: { roles: ['supervisor', 'administrator'] }, component: () => import('./pages/SimulationPage.vue') },
  { path: '/calls/:id', name: 'call', meta: { roles: ['agent', 'supervisor', 'quality', 'administrator'] }, component: () => import('./pages/CallPage.vue') },
]
