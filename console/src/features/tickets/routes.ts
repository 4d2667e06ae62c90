import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/tickets', name: 'tickets', component: () => import('./pages/TicketsPage.vue') },
  // A link in a notice has the ticket's number; links of the console have its id.
  { path: '/tickets/:ticket', name: 'ticket', props: true, component: () => import('./pages/TicketPage.vue') },
]
