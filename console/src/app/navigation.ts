import { Bell, Briefcase, Calendar, ChatDotRound, DataAnalysis, DataLine, Document, Headset, MapLocation, Odometer, OfficeBuilding, PhoneFilled, Promotion, Setting, Switch, Tickets, User, UserFilled } from '@element-plus/icons-vue'
import type { Component } from 'vue'
import type { Role } from '@/shared/session/session'

export interface Place {
  /** Name of the route; the words stand under `shared.places`. */
  name: string
  icon: Component
  roles: readonly Role[]
}

const DESKS: readonly Role[] = ['agent', 'supervisor', 'administrator']
const EVERYONE: readonly Role[] = ['agent', 'supervisor', 'administrator', 'department', 'quality', 'campaigns']

/** Places of the menu, in order. */
export const PLACES: readonly Place[] = [
  { name: 'desk', icon: Headset, roles: ['agent'] },
  { name: 'board', icon: DataLine, roles: ['supervisor', 'administrator'] },
  { name: 'reports', icon: DataAnalysis, roles: ['supervisor', 'quality', 'administrator'] },
  { name: 'oversight', icon: Odometer, roles: ['supervisor', 'quality', 'administrator'] },
  { name: 'callbacks', icon: PhoneFilled, roles: ['agent', 'supervisor', 'administrator'] },
  { name: 'surveys', icon: ChatDotRound, roles: ['agent', 'supervisor'] },
  { name: 'work', icon: Briefcase, roles: ['department'] },
  { name: 'visits', icon: MapLocation, roles: ['department'] },
  { name: 'tickets', icon: Tickets, roles: EVERYONE },
  { name: 'dispatch', icon: Promotion, roles: DESKS },
  { name: 'customers', icon: UserFilled, roles: DESKS },
  { name: 'capacity', icon: MapLocation, roles: ['supervisor', 'administrator'] },
  { name: 'duty', icon: Calendar, roles: ['department', 'supervisor', 'administrator'] },
  { name: 'handovers', icon: Switch, roles: [...DESKS, 'department'] },
  { name: 'notices', icon: Bell, roles: ['supervisor', 'department', 'administrator'] },
  { name: 'people', icon: User, roles: EVERYONE },
  { name: 'administration', icon: OfficeBuilding, roles: ['administrator'] },
  { name: 'audit', icon: Document, roles: ['administrator'] },
  { name: 'settings', icon: Setting, roles: EVERYONE },
]

/** Return the places that a role has. */
export function placesOf(role: Role | null): readonly Place[] {
  return role === null ? [] : PLACES.filter((place) => place.roles.includes(role))
}

/** Return the page on which a role begins. */
export function homeOf(role: Role | null): string {
  return placesOf(role)[0]?.name ?? (role === null ? 'sign-in' : 'not-found')
}
