import type { Schemas } from '@/shared/api/client'
import { inLanguage } from '@/shared/i18n/i18n'

type FormField = Pick<Schemas['FormField'], 'name' | 'kind' | 'zh' | 'en' | 'choices'>

interface Words {
  t: (key: string) => string
  d: (moment: string, format: 'long') => string
}

/** Return the answers of a form in its order, in the page's language; an answer without a field comes last. */
export function filledForm(form: Readonly<Record<string, unknown>>, fields: readonly FormField[], words: Words) {
  const known = fields.flatMap((field) => (form[field.name] == null ? [] : [{ name: field.name, label: inLanguage(field), text: answerText(field, form[field.name], words) }]))
  const names = new Set(fields.map((field) => field.name))
  const others = Object.entries(form).flatMap(([name, answer]) => (names.has(name) || answer == null ? [] : [{ name, label: name, text: String(answer as string | number) }]))
  return [...known, ...others]
}

function answerText({ kind, choices }: FormField, answer: unknown, { t, d }: Words): string {
  if (typeof answer === 'boolean') return t(answer ? 'shared.yes' : 'shared.no')
  const text = String(answer as string | number)
  if (kind === 'moment') return d(text, 'long')
  const choice = kind === 'choice' ? choices.find((one) => one.value === text) : undefined
  return choice === undefined ? text : inLanguage(choice)
}
