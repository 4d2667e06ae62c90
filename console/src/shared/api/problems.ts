import type { components } from './schema'

/** Slug of the problem that the service could not be reached. */
export const NETWORK = 'network'

type Schemas = components['schemas']
export type FieldProblem = Schemas['FieldProblem']
const CHINESE = /\p{Script=Han}/u

/** Refusal of the service (RFC 9457), or no answer at all. */
export class ApiProblem extends Error {
  constructor(
    readonly status: number,
    readonly slug: string,
    /** The refusal in the page's language. */
    readonly words = '',
    readonly fields: readonly FieldProblem[] = [],
  ) {
    super(words || slug)
    this.name = 'ApiProblem'
  }

  /** Return what is wrong with a field, in the page's language; empty where nothing is. */
  rule(field: string): string {
    return this.fields.find((one) => one.field === field)?.rule ?? ''
  }
}

/** Return a refusal's body as a problem; a body of a proxy says nothing. */
export function asProblem(status: number, body: unknown): ApiProblem {
  if (typeof body !== 'object' || body === null || !('type' in body) || typeof body.type !== 'string') {
    return new ApiProblem(status, 'unavailable')
  }
  const { type, title, detail, errors } = body as Schemas['ProblemDetails']
  // Every title is translated, and not every detail: a page shows one language.
  const words = CHINESE.test(title) && !CHINESE.test(detail) ? title : detail
  return new ApiProblem(status, type.replace(/^.*\/problems\//, ''), words, errors)
}
