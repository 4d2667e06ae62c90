import type { RouteRecordRaw } from 'vue-router'
import type { Role } from '@/shared/session/session'

const DESKS: readonly Role[] = ['agent', 'supervisor', 'administrator']
const LEADERS: readonly Role[] = ['supervisor', 'administrator']

export const routes: RouteRecordRaw[] = [
  { path: '/customers', name: 'customers', component: () => import('./pages/CustomersPage.vue'), meta: { roles: DESKS } },
  { path: '/customers/imports', name: 'imports', component: () => import('./pages/ImportsPage.vue'), meta: { roles: LEADERS } },
  { path: '/customers/protected', name: 'protected', component: () => import('./pages/ProtectedPage.vue'), meta: { roles: LEADERS } },
  {
    path: '/customers/:customer',
    name: 'customer',
    props: true,
    component: () => import('./pages/CustomerPage.vue'),
    meta: { roles: [...DESKS, 'quality'] },
  },
]
