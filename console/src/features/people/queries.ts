import { useQuery } from '@pinia/colada'
import { api, data, type Schemas } from '@/shared/api/client'

export type PersonView = Schemas['PersonView']

export function usePeople() {
  return useQuery({ key: ['people'], query: () => data(api.GET('/api/v1/people')), staleTime: 60_000 })
}

/** Return the people in whose name, number, initials or department the words are, under their departments. */
export function directory(people: readonly PersonView[], words: string): [string, PersonView[]][] {
  const wanted = words.trim().toLowerCase()
  const fits = (person: PersonView) =>
    [person.name, person.staff_number, person.initials, person.department_name ?? ''].some((text) => text.toLowerCase().includes(wanted))
  const groups = new Map<string, PersonView[]>()
  for (const person of people.filter(fits)) {
    const name = person.department_name ?? ''
    groups.set(name, [...(groups.get(name) ?? []), person])
  }
  return [...groups]
}
