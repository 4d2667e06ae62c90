/** Events of notices that are switched on or off; the others are as the catalogue has them. */
export type Switches = Readonly<Record<string, boolean>>
export type Answer = string | boolean | null | readonly string[] | Readonly<Record<string, number>> | Switches
export type Choices = 'roles' | 'departments' | 'queues' | 'categories' | 'channels' | 'languages' | 'kinds'

export interface Field {
  name: string
  kind: 'text' | 'password' | 'one' | 'several' | 'check' | 'levels' | 'switches'
  of?: Choices
  required?: boolean
  /** Roles of an account that the field means something for; all without it. */
  roles?: readonly string[]
  /** Form of what is typed; its words stand under `administration.format`. */
  pattern?: RegExp
  /** Left empty, it stays as it is. */
  leftOut?: boolean
}

/** Return what is sent: fields that stay are left out, and those that did not change. */
export function changed(fields: readonly Field[], values: Readonly<Record<string, Answer>>, before: Readonly<Record<string, Answer>> | null): Record<string, Answer> {
  const given = fields.filter((field) => !(field.leftOut === true && values[field.name] === ''))
  const differs = (field: Field) => before === null || JSON.stringify(values[field.name]) !== JSON.stringify(before[field.name])
  return Object.fromEntries(given.filter(differs).map((field) => [field.name, values[field.name] ?? null]))
}

/** Return what stood in the changed fields when the row was opened; secrets are not shown, and not compared. */
export function seenIn(fields: readonly Field[], given: Readonly<Record<string, Answer>>, before: Readonly<Record<string, Answer>>): Record<string, Answer> {
  const compared = fields.filter((field) => field.leftOut !== true && field.name in given)
  return Object.fromEntries(compared.map((field) => [field.name, before[field.name] ?? null]))
}

/** What another person changed in a row while it was edited. */
export interface Meanwhile {
  field: Field
  was: Answer
  is: Answer
}

/** Take over what another person changed, but for the fields that were edited here; return all of it. */
export function takeOver(fields: readonly Field[], values: Record<string, Answer>, before: Readonly<Record<string, Answer>>, now: Readonly<Record<string, Answer>>): Meanwhile[] {
  const same = (one: Answer | undefined, other: Answer | undefined) => JSON.stringify(one) === JSON.stringify(other)
  const others = fields.filter((field) => field.leftOut !== true && !same(before[field.name], now[field.name]))
  return others.map((field) => {
    const [was, is] = [before[field.name] ?? null, now[field.name] ?? null]
    if (same(values[field.name], before[field.name])) values[field.name] = is
    return { field, was, is }
  })
}

/** Return the fields that must be filled in, and are not. */
export function missing(fields: readonly Field[], values: Readonly<Record<string, Answer>>): readonly string[] {
  return fields.filter((field) => field.required === true && (values[field.name] ?? '') === '').map((field) => field.name)
}

/** Return the fields whose text has not the form that the service takes. */
export function malformed(fields: readonly Field[], values: Readonly<Record<string, Answer>>): readonly string[] {
  return fields.filter(({ name, pattern }) => pattern !== undefined && !pattern.test(String(values[name] ?? ''))).map(({ name }) => name)
}
