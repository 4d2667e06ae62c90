import type { RouteRecordRaw } from 'vue-router'
import type { Role } from '@/shared/session/session'

const DESKS: readonly Role[] = ['agent', 'supervisor', 'administrator']

export const routes: RouteRecordRaw[] = [
  { path: '/customers', name: 'customers', component: () => import('./pages/CustomersPage.vue'), meta: { roles: DESKS } },
  {
    path: '/customers/:customer',
    name: 'customer',
    props: true,
    component: () => import('./pages/CustomerPage.vue'),
    meta: { roles: [...DESKS, 'quality'] },
  },
]
