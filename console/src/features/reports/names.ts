import './words/words'
import { toValue, type MaybeRefOrGetter } from 'vue'
import { useI18n } from 'vue-i18n'
import { i18n, inLanguage } from '@/shared/i18n/i18n'
import { useLabels } from '@/shared/i18n/labels'
import { useQueues } from './queries'
import type { By, Line, Question } from './reports'

const PARTS: Record<By, Intl.DateTimeFormatOptions> = {
  half_hour: { month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  hour: { month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  day: { month: '2-digit', day: '2-digit', weekday: 'short' },
  week: { year: 'numeric', month: '2-digit', day: '2-digit' },
  month: { year: 'numeric', month: '2-digit' },
  quarter: { year: 'numeric', month: '2-digit' },
  year: { year: 'numeric' },
  whole: { year: 'numeric', month: '2-digit', day: '2-digit' },
}

/** Return how the buckets and groups of a report are called; times are those of the service's zone. */
export function useNames(question: MaybeRefOrGetter<Pick<Question, 'of' | 'by' | 'group'>>, zone: () => string | undefined) {
  const { t } = useI18n()
  const [label, queues] = [useLabels(), useQueues()]

  function nameOf(line: Pick<Line, 'key' | 'name'>): string {
    const { group } = toValue(question)
    if ('result' in line) return line.result === '' ? `${line.name.replace(/–$/, '')}${t('reports.no_result')}` : line.name
    if (line.key === '') return t('reports.nothing')
    if (group === 'kind') return label('TicketKind', line.key)
    if (group === 'channel') return label('Channel', line.key)
    if (group === 'reason') return label('MissedReason', line.key)
    const queue = group === 'queue' ? queues.data.value?.find((one) => one.name === line.key) : undefined
    return queue === undefined ? line.name : inLanguage({ zh: queue.title_zh, en: queue.title_en })
  }

  function timeOf(line: Pick<Line, 'since' | 'until'>): string {
    const { by } = toValue(question)
    const timeZone = zone()
    const format = new Intl.DateTimeFormat(i18n.global.locale.value, { ...PARTS[by], ...(timeZone === undefined ? {} : { timeZone }) })
    const since = format.format(new Date(line.since))
    // The last moment of the bucket: its end is the begin of the next.
    const last = format.format(new Date(Date.parse(line.until) - 1))
    return (by === 'whole' || by === 'week') && line.until !== line.since && since !== last ? `${since} – ${last}` : since
  }

  return { nameOf, timeOf }
}
