/** Answers of a survey by question; empty where the customer was not reached. */
export interface Answers {
  solved?: boolean | null
  attitude?: string | null
  charged?: boolean | null
  score?: number | null
}

interface Words {
  t: (key: string) => string
  label: (group: string, value: string) => string
}

/** Return what a customer answered, in the page's language; empty without answers. */
export function answersText({ solved, attitude, charged, score }: Answers, { t, label }: Words): string {
  const yes = (value: boolean | null | undefined) => (value == null ? null : t(value ? 'shared.yes' : 'shared.no'))
  const all = { solved: yes(solved), attitude: attitude == null ? null : label('Attitude', attitude), charged: yes(charged), score: score == null ? null : String(score) }
  return Object.entries(all).flatMap(([name, value]) => (value === null ? [] : [`${t(`tickets.answer.${name}`)} ${value}`])).join(' · ')
}

/** Return the reason of an action that a survey led to, or null: those of people stay as they were written. */
export function surveyReason(detail: Readonly<Record<string, unknown>>, words: Words): string | null {
  const survey = detail['survey']
  if (typeof survey !== 'object' || survey === null) return null
  const said = answersText(survey as Answers, words)
  return `${words.t('tickets.event.survey')} ${said || words.t('tickets.not_reached')}`
}
