import type { Schemas } from '@/shared/api/client'

export type Disposition = Schemas['Disposition']
type Forms = readonly Schemas['FormView'][]

/** Return every result of a tree with the groups above it, the outermost first. */
export function resultsIn(choices: readonly Disposition[], above: readonly Disposition[] = []): Disposition[][] {
  return choices.flatMap((one) => (one.choices.length > 0 ? resultsIn(one.choices, [...above, one]) : [[...above, one]]))
}

/** Return the way to a result, or nothing where the queue has it no longer. */
export function pathTo(choices: readonly Disposition[], code: string | null): Disposition[] {
  return resultsIn(choices).find((path) => path.at(-1)?.code === code) ?? []
}

/** Return what a result asks for: its own fields, or those of the form that it names. */
export function fieldsOf(result: Disposition | undefined, forms: Forms): readonly Schemas['FormField'][] {
  if (result === undefined) return []
  return result.form === null || result.form === undefined ? result.fields : (forms.find((form) => form.kind === result.form)?.fields ?? [])
}

/** Return the rows of choices to show: the first level, and one more for each open group. */
export function rowsOf(choices: readonly Disposition[], open: readonly string[]): (readonly Disposition[])[] {
  const rows = [choices]
  for (const code of open) {
    const group = rows.at(-1)?.find((one) => one.code === code)
    if (group === undefined || group.choices.length === 0) break
    rows.push(group.choices)
  }
  return rows
}

/** Return the results that have the typed words, in either language or in their code. */
export function found(choices: readonly Disposition[], typed: string): Disposition[][] {
  const words = typed.trim().toLowerCase().split(/\s+/)
  return resultsIn(choices).filter((path) => {
    const text = path.map((one) => `${one.zh} ${one.en} ${one.code}`).join(' ').toLowerCase()
    return words.every((word) => text.includes(word))
  })
}
