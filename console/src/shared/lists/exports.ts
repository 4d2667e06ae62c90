import type { Role } from '@/shared/session/session'

export type Filters = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>

/** Roles that may take a list away, of those that see it. */
const EXPORTERS: ReadonlySet<Role> = new Set(['supervisor', 'administrator', 'quality', 'department'])

export function mayExport(role: Role | null): boolean {
  return role !== null && EXPORTERS.has(role)
}

/** Return the address of a list as a file. */
export function addressOf(list: string, kind: 'csv' | 'xlsx', filters: Filters, language: string): string {
  const asked = new URLSearchParams()
  for (const [name, value] of Object.entries(filters)) {
    for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined && one !== '') asked.append(name, String(one))
  }
  asked.append('language', language === 'en' ? 'en' : 'zh')
  return `/api/v1/${list}.${kind}?${asked.toString()}`
}
