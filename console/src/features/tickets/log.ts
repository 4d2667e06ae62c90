import type { Tone } from '@/shared/ui/UiTag.vue'
import type { LogView } from './queries'

const TONES: Partial<Record<string, Tone>> = {
  file: 'busy',
  dispatch: 'busy',
  sign: 'busy',
  urge: 'warn',
  escalate: 'bad',
  refuse: 'bad',
  redo: 'warn',
  reply: 'good',
  answer: 'good',
  archive: 'good',
}

/** What only programs read. */
const ID = /^[a-z]+-[0-9a-z]{26}$/

/** Return the tone of an action in the log. */
export function tone(action: string): Tone {
  return TONES[action] ?? 'plain'
}

/** Facts whose values have names in the service's labels; where a fact is typed by hand elsewhere, of one action only. */
const GROUPS: Partial<Record<string, string>> = {
  'refuse.reason': 'RefusalReason', validity: 'Validity', channel: 'Channel', from_urgency: 'Urgency', to_urgency: 'Urgency',
}
const MOMENTS = new Set(['until', 'visit_from', 'visit_until', 'freed_visit_from', 'instead_of', 'withdrawn_extension'])

/** How ids, values of the service's types and moments are called. */
export interface Words {
  nameOf: (id: string) => string
  label: (group: string, value: string) => string
  moment: (at: string) => string
}

/** Name of the service itself among the actors. */
const SERVICE = 'hotline'

/** Return who did what the log says; the system has no name, unless it acts by what an agent was told. */
export function actorOf(entry: Pick<LogView, 'actor_kind' | 'actor_name'>, label: Words['label']): string {
  const kind = label('ActorKind', entry.actor_kind)
  if (entry.actor_kind !== 'system') return entry.actor_name || kind
  return entry.actor_name === '' || entry.actor_name === SERVICE ? kind : `${kind} · ${entry.actor_name}`
}

/** Return what an entry of the log says beside its action, as people read it; ids become names, or are left out. */
export function facts(entry: LogView, { nameOf, label, moment }: Words): [string, string][] {
  return Object.entries(entry.detail).flatMap(([name, value]): [string, string][] => {
    if (typeof value === 'number') return [[name, String(value)]]
    if (typeof value !== 'string' || value === '') return []
    const named = nameOf(value)
    if (named !== '') return [[name.replace(/_id$/, ''), named]]
    if (name.endsWith('_id') || ID.test(value)) return []
    const group = GROUPS[`${entry.action}.${name}`] ?? GROUPS[name]
    if (group !== undefined) return [[name, label(group, value)]]
    return [[name, MOMENTS.has(name) ? moment(value) : value]]
  })
}
