export type Answer = string | boolean | null | readonly string[]
export type Choices = 'roles' | 'departments' | 'queues' | 'categories' | 'channels'

export interface Field {
  name: string
  kind: 'text' | 'password' | 'one' | 'several' | 'check'
  of?: Choices
  required?: boolean
  /** Left empty, it stays as it is. */
  leftOut?: boolean
}

/** Return what is sent: fields that stay are left out, and those that did not change. */
export function changed(fields: readonly Field[], values: Readonly<Record<string, Answer>>, before: Readonly<Record<string, Answer>> | null): Record<string, Answer> {
  const given = fields.filter((field) => !(field.leftOut === true && values[field.name] === ''))
  const differs = (field: Field) => before === null || JSON.stringify(values[field.name]) !== JSON.stringify(before[field.name])
  return Object.fromEntries(given.filter(differs).map((field) => [field.name, values[field.name] ?? null]))
}

/** Return the fields that must be filled in, and are not. */
export function missing(fields: readonly Field[], values: Readonly<Record<string, Answer>>): readonly string[] {
  return fields.filter((field) => field.required === true && (values[field.name] ?? '') === '').map((field) => field.name)
}
