import type { Answer, Field } from './fields'

/** What is administered; the words stand under `administration.part`. */
export const PARTS = ['accounts', 'departments', 'categories', 'recipients'] as const
export type Part = (typeof PARTS)[number]

const TAKE_CALLS = ['agent', 'supervisor']

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
      ...(isNew ? [{ name: 'staff_number', kind: 'text', required: true, pattern: /^[0-9]{3,8}$/ } as const] : []),
      { name: 'name', kind: 'text', required: true },
      { name: 'role', kind: 'one', of: 'roles', required: true },
      { name: 'department_id', kind: 'one', of: 'departments' },
      { name: 'queues', kind: 'several', of: 'queues', roles: TAKE_CALLS },
      { name: 'team', kind: 'text', roles: TAKE_CALLS },
      { name: 'skills', kind: 'levels', roles: TAKE_CALLS },
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
      { name: 'language', kind: 'one', of: 'languages', required: true },
      { name: 'standing', kind: 'check' },
      ...(isNew ? [] : [{ name: 'active', kind: 'check' } as const]),
      { name: 'switches', kind: 'switches' },
    ]
  }
  const above = part === 'departments' ? 'departments' : 'categories'
  return [
    { name: 'name', kind: 'text', required: true },
    { name: 'name_en', kind: 'text' },
    { name: 'parent_id', kind: 'one', of: above },
    ...(part === 'departments' ? ([{ name: 'area', kind: 'text' }] as const) : ([{ name: 'department_id', kind: 'one', of: 'departments' }, { name: 'kinds', kind: 'several', of: 'kinds' }] as const)),
    ...(isNew ? [] : [{ name: 'active', kind: 'check' } as const]),
  ]
}

/** Return a new row's values. */
export function emptyOf(part: Part): Record<string, Answer> {
  if (part === 'accounts') return { staff_number: '', name: '', role: 'agent', department_id: null, queues: [], team: '', skills: {}, password: '', password_one_time: true }
  if (part === 'recipients') return { name: '', channel: 'sms', department_id: null, address: '', language: 'zh', standing: true, switches: {} }
  return part === 'departments' ? { name: '', name_en: '', parent_id: null, area: '' } : { name: '', name_en: '', parent_id: null, department_id: null, kinds: [] }
}
