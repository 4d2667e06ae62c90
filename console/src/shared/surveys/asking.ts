import { reactive, watch } from 'vue'
import type { Schemas } from '@/shared/api/client'
import type { ScriptLine, ScriptPart } from './queries'

const STORED = 'hotline.survey.'

/** What the customer said so far, and where in the script the agent is. */
export interface Asked {
  at: number
  solved: boolean | null
  attitude: Schemas['Attitude'] | null
  charged: boolean | null
  score: number | null
  suggestion: string
  /** Call in which it was said. */
  callId: string | null
}

const EMPTY: Asked = { at: 0, solved: null, attitude: null, charged: null, score: null, suggestion: '', callId: null }

/** Return what was asked of a contact; it survives a reload, until it is stored. */
export function useAsked(contactId: string): { asked: Asked; forget: () => void } {
  const place = `${STORED}${contactId}`
  const asked = reactive<Asked>({ ...EMPTY, ...(JSON.parse(localStorage.getItem(place) ?? '{}') as Partial<Asked>) })
  const stop = watch(asked, () => localStorage.setItem(place, JSON.stringify(asked)))
  return {
    asked,
    forget: () => {
      stop()
      localStorage.removeItem(place)
    },
  }
}

/** Return the request that stores the answers; null while the decisive one is missing. */
export function answersOf(asked: Asked): Schemas['AnswersInput'] | null {
  if (asked.solved === null) return null
  const { solved, attitude, charged, score, suggestion } = asked
  return { solved, attitude, charged, score, suggestion: suggestion.trim(), call_id: asked.callId }
}

/** Return whether a part of the script has its answer. */
export function answered(asked: Asked, part: ScriptPart): boolean {
  if (part === 'suggestion') return asked.suggestion.trim() !== ''
  if (part === 'solved' || part === 'attitude' || part === 'charged' || part === 'score') return asked[part] !== null
  return false
}

/** Return the parts to say: of an open fee only a customer hears who is satisfied with what was done (H10 f). */
export function saidTo(asked: Pick<Asked, 'solved' | 'attitude'>, lines: readonly ScriptLine[]): ScriptLine[] {
  const content = asked.solved === true && asked.attitude === 'satisfied'
  return lines.filter((line) => content || line.part !== 'remind_payment')
}
