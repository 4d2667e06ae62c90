/** Slug of the problem that the service could not be reached. */
export const NETWORK = 'network'

export interface FieldProblem {
  field: string
  rule: string
  code?: string
}

/** Refusal of the service (RFC 9457), or no answer at all. */
export class ApiProblem extends Error {
  constructor(
    readonly status: number,
    readonly slug: string,
    readonly detail: string,
    readonly fields: readonly FieldProblem[],
  ) {
    super(detail || slug)
    this.name = 'ApiProblem'
  }

  /** Return the broken rule of a field, if it has one. */
  field(name: string): FieldProblem | undefined {
    return this.fields.find((one) => one.field === name)
  }
}

/** Return a refusal's body as a problem; a body of a proxy says nothing. */
export function asProblem(status: number, body: unknown): ApiProblem {
  if (typeof body === 'object' && body !== null && 'type' in body && typeof body.type === 'string') {
    const { type, detail, errors } = body as { type: string; detail?: string; errors?: FieldProblem[] }
    return new ApiProblem(status, type.replace(/^.*\/problems\//, ''), detail ?? '', errors ?? [])
  }
  return new ApiProblem(status, status >= 500 || status === 0 ? 'unavailable' : 'bad-request', '', [])
}
