import { reactive, watch } from 'vue'
import { onceKey } from '@/shared/api/client'
import type { WebReport } from './queries'

export interface SentPhoto {
  id: string
  name: string
}

export interface Draft {
  /** Key of the report, which its photos carry as well. */
  key: string
  opened_at: number
  photos: SentPhoto[]
  kind: WebReport['kind']
  category_id: string | null
  subject: string
  description: string
  address: string
  name: string
  number: string
  website: string
  form: Record<string, string | number | boolean | null>
}

export interface SentReport {
  number: string
  subject: string
}

const [DRAFT, SENT] = ['hotline.report', 'hotline.reports-sent']
const MOST_SENT = 3

function empty(): Draft {
  return {
    key: onceKey(),
    opened_at: Date.now(),
    photos: [],
    kind: 'fault',
    category_id: null,
    subject: '',
    description: '',
    address: '',
    name: '',
    number: '',
    website: '',
    form: {},
  }
}

function read<T>(key: string): T | null {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? 'null') as T | null
  } catch {
    return null
  }
}

function write(key: string, value: unknown): void {
  try {
    sessionStorage.setItem(key, JSON.stringify(value))
  } catch {
    // Without a store the report lives as long as the page.
  }
}

/** The half-written report of this tab: it survives a reload, and ends with the tab. */
export function useDraft() {
  const draft = reactive<Draft>({ ...empty(), ...read<Partial<Draft>>(DRAFT) })
  watch(draft, () => write(DRAFT, draft), { deep: true, immediate: true })
  /** Begin anew. */
  const clear = () => Object.assign(draft, empty())
  return { draft, clear }
}

/** Reports that this tab sent, newest first. */
export function sentReports(): SentReport[] {
  return read<SentReport[]>(SENT) ?? []
}

export function rememberSent(report: SentReport): void {
  const before = sentReports()
  // A report that was added to an earlier ticket leaves the ticket its first words.
  const first = before.find((one) => one.number === report.number) ?? report
  write(SENT, [first, ...before.filter((one) => one !== first)].slice(0, MOST_SENT))
}

/** Return a draft as the service takes it. */
export function asReport(draft: Draft, nowMs: number): WebReport {
  const { kind, category_id, subject, description, address, name, number, website, form } = draft
  return {
    kind,
    category_id,
    subject: subject.trim(),
    description: description.trim(),
    address: address.trim(),
    name: name.trim(),
    number: number.trim(),
    website,
    form: Object.fromEntries(Object.entries(form).filter(([, answer]) => answer !== null)),
    file_ids: draft.photos.map((photo) => photo.id),
    seconds: Math.max(0, Math.floor((nowMs - draft.opened_at) / 1000)),
  }
}
