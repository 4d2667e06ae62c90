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

/** Return what an entry of the log says beside its action, as people read it; ids become names, or are left out. */
export function facts(entry: LogView, nameOf: (id: string) => string): [string, string][] {
  return Object.entries(entry.detail).flatMap(([name, value]): [string, string][] => {
    if (typeof value === 'number') return [[name, String(value)]]
    if (typeof value !== 'string' || value === '') return []
    const named = nameOf(value)
    if (named !== '') return [[name.replace(/_id$/, ''), named]]
    return name.endsWith('_id') || ID.test(value) ? [] : [[name, value]]
  })
}
