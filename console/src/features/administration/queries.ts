import { useQuery, useQueryCache } from '@pinia/colada'
import { computed, type ComputedRef } from 'vue'
import { api, carryOut, data, onceKey, type Schemas } from '@/shared/api/client'
import { nameOf } from '@/shared/house/house'
import { inLanguage } from '@/shared/i18n/i18n'
import { useGroup, useLabels } from '@/shared/i18n/labels'
import type { Answer, Choices } from './fields'
import type { Part, Row } from './parts'

/** Lists of the parts, as the service calls them. */
export const LISTS: Record<Part, string> = { accounts: 'staff', departments: 'departments', categories: 'categories', recipients: 'notice-recipients' }
const pathOf = (part: Part) => `/api/v1/${LISTS[part]}`

export function useHouse() {
  return {
    accounts: useQuery({ key: ['staff'], query: () => data(api.GET('/api/v1/staff')) }),
    departments: useQuery({ key: ['departments'], query: () => data(api.GET('/api/v1/departments')) }),
    categories: useQuery({ key: ['categories'], query: () => data(api.GET('/api/v1/categories')) }),
    recipients: useQuery({ key: ['recipients'], query: () => data(api.GET('/api/v1/notice-recipients')) }),
    queues: useQuery({ key: ['queues'], query: () => data(api.GET('/api/v1/queues')) }),
  }
}
export type House = ReturnType<typeof useHouse>

export type NoticeEvent = Schemas['EventView']

/** Events of notices, by name in the page's language. */
export function useNoticeEvents() {
  return useQuery({ key: ['notice-events'], query: () => data(api.GET('/api/v1/notice-events')) })
}

export type Options = Record<Choices, { value: string; label: string }[]>

interface Named {
  id: string
  name: string
  active: boolean
}
const named = (found: readonly (Named & { name_en: string })[] | undefined) => (found ?? []).filter((one) => one.active).map((one) => ({ value: one.id, label: nameOf(one) }))

function row(one: Named, values: Record<string, Answer>, ...texts: string[]): Row {
  const { id, name, active } = one
  return { id, name, active, values: { name, active, ...values }, facts: texts.filter((text) => text !== '') }
}

/** What the fields of all parts choose among. */
export function useOptions(house: House): ComputedRef<Options> {
  const [roles, channels, languages, kinds] = [useGroup(() => 'Role'), useGroup(() => 'NoticeChannel'), useGroup(() => 'Language'), useGroup(() => 'TicketKind')]
  return computed(() => ({
    roles: roles.value,
    channels: channels.value,
    languages: languages.value,
    kinds: kinds.value,
    departments: named(house.departments.data.value),
    categories: named(house.categories.data.value),
    queues: (house.queues.data.value ?? []).map((one) => ({ value: one.name, label: inLanguage({ zh: one.title_zh, en: one.title_en }) })),
  }))
}

/** Rows of each part, those in use first. */
export function useRows(house: House, options: ComputedRef<Options>, part: () => Part): ComputedRef<Row[]> {
  const label = useLabels()
  const chosen = (of: Choices, value: string | null) => options.value[of].find((one) => one.value === value)?.label ?? ''
  const account = (one: Schemas['StaffView']) =>
    row(one, { role: one.role, department_id: one.department_id, queues: one.queues, skills: one.skills, team: one.team, password: '', password_one_time: one.password_one_time }, one.staff_number, label('Role', one.role), chosen('departments', one.department_id), one.queues.map((queue) => chosen('queues', queue)).join(inLanguage({ zh: '、', en: ', ' })), one.team)
  const department = (one: Schemas['DepartmentView']) => row(one, { name_en: one.name_en, parent_id: one.parent_id, area: one.area }, one.name_en, chosen('departments', one.parent_id), one.area)
  const category = (one: Schemas['CategoryView']) => row(one, { name_en: one.name_en, parent_id: one.parent_id, department_id: one.department_id, kinds: one.kinds }, one.name_en, chosen('categories', one.parent_id), chosen('departments', one.department_id), one.kinds.map((kind) => chosen('kinds', kind)).join(inLanguage({ zh: '、', en: ', ' })))
  const recipient = (one: Schemas['RecipientView']) => row(one, { department_id: one.department_id, address: '', language: one.language, standing: one.standing, switches: one.switches }, label('NoticeChannel', one.channel), one.address, chosen('departments', one.department_id))
  return computed(() => {
    const found = {
      accounts: () => (house.accounts.data.value ?? []).map(account),
      departments: () => (house.departments.data.value ?? []).map(department),
      categories: () => (house.categories.data.value ?? []).map(category),
      recipients: () => (house.recipients.data.value ?? []).map(recipient),
    }[part()]()
    return found.toSorted((one, other) => Number(other.active) - Number(one.active))
  })
}

/** Secrets that the service shows once, when it made them. */
export interface Made {
  endpoint?: string | null
  sip_password?: string | null
  signing_secret?: string | null
}

/** Return a function that stores a row: a new one, or what changed of one. */
export function useStore() {
  const cache = useQueryCache()
  return async (part: Part, id: string | null, values: Record<string, Answer | Record<string, Answer>>): Promise<Made> => {
    const offer = id === null ? { method: 'POST', path: pathOf(part) } : { method: 'PATCH', path: `${pathOf(part)}/${encodeURIComponent(id)}` }
    try {
      return await carryOut<Made>(offer, values, onceKey())
    } finally {
      // Also after a refusal: another person may have changed the row.
      for (const key of ['staff', 'departments', 'categories', 'recipients', 'people']) void cache.invalidateQueries({ key: [key] })
    }
  }
}
