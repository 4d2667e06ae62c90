import type { RouteLocationResolved, Router } from 'vue-router'
import type { Role } from '@/shared/session/session'

/** Return where to go after signing in: a page of this console, never another address. */
export function target(asked: unknown): string {
  return typeof asked === 'string' && /^\/(?![/\\])/.test(asked) ? asked : '/'
}

/** Return the first page after signing in: the one asked for, or the own first page where it is not for the role. */
export function entry(router: Router, asked: unknown, role: Role | null): RouteLocationResolved | string {
  const wanted = router.resolve(target(asked))
  const { roles } = wanted.meta
  return roles === undefined || (role !== null && roles.includes(role)) ? wanted : '/'
}
