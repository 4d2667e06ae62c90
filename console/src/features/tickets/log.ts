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

/** Return the tone of an action in the log. */
export function tone(action: string): Tone {
  return TONES[action] ?? 'plain'
}

/** Return what an entry of the log says beside its action, as people read it; ids become names, or are left out. */
export function facts(entry: LogView, nameOf: (id: string) => string): [string, string][] {
  return Object.entries(entry.detail).flatMap(([name, value]): [string, string][] => {
    if (typeof value === 'number') return [[name, String(value)]]
    if (typeof value !== 'string' || value === '') return []
    if (!name.endsWith('_id')) return [[name, value]]
    const named = nameOf(value)
    return named === '' ? [] : [[name.replace(/_id$/, ''), named]]
  })
}
