import type { Answer, Field } from './fields'

/** What is administered; the words stand under `administration.part`. */
export const PARTS = ['accounts', 'departments', 'categories', 'recipients'] as const
export type Part = (typeof PARTS)[number]

/** A row of a part, as its list and its form need it. */
export interface Row {
  id: string
  name: string
  /** Short facts beside the name. */
  facts: readonly string[]
  active: boolean
  values: Record<string, Answer>
}

/** Return the fields of a part; those of a new row may differ. */
export function fieldsOf(part: Part, isNew: boolean): readonly Field[] {
  if (part === 'accounts') {
    return [
      ...(isNew ? [{ name: 'staff_number', kind: 'text', required: true } as const] : []),
      { name: 'name', kind: 'text', required: true },
      { name: 'role', kind: 'one', of: 'roles', required: true },
      { name: 'department_id', kind: 'one', of: 'departments' },
      { name: 'queues', kind: 'several', of: 'queues' },
      { name: 'password', kind: 'password', required: isNew, leftOut: !isNew },
      { name: 'password_one_time', kind: 'check' },
      ...(isNew ? [] : [{ name: 'active', kind: 'check' } as const]),
    ]
  }
  if (part === 'recipients') {
    return [
      { name: 'name', kind: 'text', required: true },
      ...(isNew ? ([{ name: 'channel', kind: 'one', of: 'channels', required: true }, { name: 'department_id', kind: 'one', of: 'departments' }] as const) : []),
      { name: 'address', kind: 'text', required: isNew, leftOut: !isNew },
      { name: 'standing', kind: 'check' },
      ...(isNew ? [] : [{ name: 'active', kind: 'check' } as const]),
    ]
  }
  const above = part === 'departments' ? 'departments' : 'categories'
  return [
    { name: 'name', kind: 'text', required: true },
    { name: 'parent_id', kind: 'one', of: above },
    part === 'departments' ? { name: 'area', kind: 'text' } : { name: 'department_id', kind: 'one', of: 'departments' },
    ...(isNew ? [] : [{ name: 'active', kind: 'check' } as const]),
  ]
}

/** Return a new row's values. */
export function emptyOf(part: Part): Record<string, Answer> {
  if (part === 'accounts') return { staff_number: '', name: '', role: 'agent', department_id: null, queues: [], password: '', password_one_time: true }
  if (part === 'recipients') return { name: '', channel: 'sms', department_id: null, address: '', standing: true }
  return part === 'departments' ? { name: '', parent_id: null, area: '' } : { name: '', parent_id: null, department_id: null }
}
