import type { Draft } from '@/shared/socket/messages'
import type { Answer, TicketDraft } from './draft'

/** Fields that are each agent's own. */
const OWN: ReadonlySet<string> = new Set(['result', 'picked', 'read_back'])
/** Answers of the form are fields of their own: two agents may fill in one form. */
const FORM = 'form.'

type Fields = Record<string, unknown>

/** Return a draft as fields that may be changed one by one. */
function fieldsOf({ form, ...rest }: TicketDraft): Fields {
  return { ...rest, ...Object.fromEntries(Object.entries(form).map(([name, answer]) => [FORM + name, answer])) }
}

/** Return fields as they make a draft. */
export function whole(fields: Fields): Fields {
  const answers = Object.entries(fields).filter(([name]) => name.startsWith(FORM))
  const rest = Object.fromEntries(Object.entries(fields).filter(([name]) => !name.startsWith(FORM)))
  return { ...rest, form: { ...(rest['form'] as Fields | undefined), ...Object.fromEntries(answers.map(([name, answer]) => [name.slice(FORM.length), answer])) } }
}

/** The draft of a call with several agents: of each field, the value that was written last stays. */
export class SharedDraft {
  /** Values that were not typed here since: the service has them, or the page began with them. */
  private readonly known = new Map<string, string>()
  /** Number of each field's last change. */
  private readonly revisions = new Map<string, number>()
  /** Fields that the service has not confirmed yet, or was never sent. */
  private readonly flying = new Set<string>()
  private readonly unsent = new Set<string>()

  constructor(private readonly draft: TicketDraft) {}

  /** Begin with what the service has; without it, with what the page begins with, which is sent with the first words. */
  begin(server: Draft | null, begun: TicketDraft): void {
    for (const one of [this.known, this.revisions, this.flying, this.unsent]) one.clear()
    for (const [name, value] of Object.entries(server?.fields ?? fieldsOf(begun))) {
      this.note(name, value, server?.revision)
      if (server === null && value !== '' && value !== null) this.unsent.add(name)
    }
  }

  /** Return the fields that the service has not got. */
  changed(): Fields {
    return Object.fromEntries(Object.entries(fieldsOf(this.draft)).filter(([name, value]) => this.unsent.has(name) || this.typed(name, value)))
  }

  /** Note that fields are on their way. */
  sent(fields: Fields): void {
    for (const [name, value] of Object.entries(fields)) {
      this.known.set(name, JSON.stringify(value))
      this.flying.add(name)
      this.unsent.delete(name)
    }
  }

  /** What was on its way may be lost: it is sent again. */
  lost(): void {
    for (const name of this.flying) this.known.delete(name)
    this.flying.clear()
  }

  /** Take over what the service keeps, but for what was typed here since. */
  receive(server: Draft): void {
    const entries = Object.entries(server.fields)
    if (entries.length === 0) this.revisions.clear()
    const now = fieldsOf(this.draft)
    for (const [name, value] of entries) {
      this.unsent.delete(name)
      if (this.known.get(name) === JSON.stringify(value)) this.flying.delete(name)
      if ((!(name in this.draft) && !name.startsWith(FORM)) || OWN.has(name)) continue
      if ((this.revisions.get(name) ?? 0) > (server.revision ?? 0)) continue
      if (name in now && this.typed(name, now[name])) this.revisions.set(name, server.revision ?? 0)
      else this.put(name, value, server.revision)
    }
  }

  private put(name: string, value: unknown, revision: number | undefined): void {
    this.note(name, value, revision)
    if (name.startsWith(FORM)) this.draft.form[name.slice(FORM.length)] = value as Answer
    else Object.assign(this.draft, { [name]: value })
  }

  private note(name: string, value: unknown, revision: number | undefined): void {
    this.known.set(name, JSON.stringify(value))
    this.revisions.set(name, revision ?? 0)
  }

  private typed(name: string, value: unknown): boolean {
    return this.known.get(name) !== JSON.stringify(value)
  }
}
