import { describe, expect, it } from 'vitest'
import { directory, type PersonView } from './queries'

const person = (name: string, staff_number: string, initials: string, department_name: string | null): PersonView => ({
  id: staff_number, name, staff_number, initials, role: 'agent', department_id: null, department_name, queues: [],
})

describe('the directory', () => {
  const people = [person('刘芳', '1001', 'lf', null), person('马师傅', '2001', 'msf', '城东维修工区'), person('朱师傅', '2002', 'zsf', '城西维修工区')]

  it('finds people by name, number, initials and department', () => {
    const found = (words: string) => directory(people, words).flatMap(([, group]) => group.map((one) => one.staff_number))
    expect([found('师傅'), found('1001'), found('MSF'), found('城西'), found('nobody')]).toEqual([['2001', '2002'], ['1001'], ['2001'], ['2002'], []])
  })

  it('shows them under their departments', () => {
    expect(directory(people, '').map(([name, group]) => [name, group.length])).toEqual([['', 1], ['城东维修工区', 1], ['城西维修工区', 1]])
  })
})
