import { describe, expect, it } from 'vitest'
import { changed, missing } from './fields'
import { emptyOf, fieldsOf, PARTS } from './parts'

describe('forms of the administration', () => {
  it('send what changed, and no password that was left empty', () => {
    const fields = fieldsOf('accounts', false)
    const before = { name: '王', role: 'agent', department_id: null, queues: ['repair'], password: '', password_one_time: false, active: true }
    expect(changed(fields, before, before)).toEqual({})
    expect(changed(fields, { ...before, queues: [], active: false }, before)).toEqual({ queues: [], active: false })
    expect(changed(fields, { ...before, password: 'a new password' }, before)).toEqual({ password: 'a new password' })
  })

  it('name what a new row needs', () => {
    for (const part of PARTS) expect(missing(fieldsOf(part, true), emptyOf(part))).toContain('name')
    expect(missing(fieldsOf('accounts', true), emptyOf('accounts'))).toEqual(['staff_number', 'name', 'password'])
  })

  it('have a value for each field', () => {
    for (const part of PARTS) expect(Object.keys(emptyOf(part))).toEqual(fieldsOf(part, true).map((field) => field.name))
  })
})
