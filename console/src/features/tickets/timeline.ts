import type { Schemas } from '@/shared/api/client'
import type { RecordingView } from '@/shared/recordings/queries'
import type { LogView } from './queries'

export type TicketEvent =
  | { kind: 'log'; key: string; at: string; entry: LogView; files: Schemas['FileView'][] }
  | { kind: 'recording'; key: string; at: string; recordings: RecordingView[]; note: string }
  | { kind: 'visit'; key: string; at: string; visit: Schemas['AppointmentView'] }
  | { kind: 'survey'; key: string; at: string; answers: Schemas['AnswersView'] }
  | { kind: 'notice'; key: string; at: string; notice: Schemas['DeliveryView'] }

export interface Sources {
  log: readonly LogView[]
  files: readonly Schemas['FileView'][]
  recordings: readonly RecordingView[]
  notes: ReadonlyMap<string, string>
  visits: readonly Schemas['AppointmentView'][]
  answers: readonly Schemas['AnswersView'][]
  notices: readonly Schemas['DeliveryView'][]
}

/** Return everything that happened to a ticket in one line, newest first; files stand at the action that brought them. */
export function timeline(from: Sources): TicketEvent[] {
  const events: TicketEvent[] = [
    ...from.log.map((entry) => ({ kind: 'log' as const, key: `log-${entry.version}`, at: entry.at, entry, files: from.files.filter((file) => file.version === entry.version) })),
    ...calls(from.recordings).map((recordings) => ({
      kind: 'recording' as const, key: recordings[0]?.id ?? '', at: recordings[0]?.started_at ?? '', recordings,
      note: recordings.map((one) => from.notes.get(one.id) ?? '').filter(Boolean).join(' '),
    })),
    ...from.visits.map((visit) => ({ kind: 'visit' as const, key: `visit-${visit.booked_at}`, at: visit.booked_at, visit })),
    ...from.answers.map((answers) => ({ kind: 'survey' as const, key: `answers-${answers.contact_id}-${answers.at}`, at: answers.at, answers })),
    ...from.notices.map((notice) => ({ kind: 'notice' as const, key: notice.id, at: notice.sent_at ?? notice.created_at, notice })),
  ]
  return events.toSorted((one, other) => Date.parse(other.at) - Date.parse(one.at))
}

/** Return the recordings of each call together, in the order in which they were made. */
function calls(recordings: readonly RecordingView[]): RecordingView[][] {
  const found = new Map<string, RecordingView[]>()
  for (const one of recordings.toSorted((first, second) => Date.parse(first.started_at) - Date.parse(second.started_at))) {
    const key = `${one.call_id} ${one.kind}`
    found.set(key, [...(found.get(key) ?? []), one])
  }
  return [...found.values()]
}

export interface Correction {
  field: string
  before: string
  after: string
}

const text = (value: unknown): string => (value === null || value === undefined ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value))

/** Return what a correction changed; ids become names where there is one. */
export function corrections(entry: LogView, nameOf: (id: string) => string): Correction[] {
  const { before, after } = entry.detail as { before?: Record<string, unknown>; after?: Record<string, unknown> }
  if (typeof before !== 'object' || typeof after !== 'object') return []
  const named = (value: unknown) => nameOf(text(value)) || text(value)
  return Object.keys(after).map((field) => ({ field, before: named(before[field]), after: named(after[field]) }))
}
