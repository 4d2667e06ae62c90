import { useQuery } from '@pinia/colada'
import { computed, onScopeDispose, toValue, type ComputedRef, type MaybeRefOrGetter } from 'vue'
import { useI18n } from 'vue-i18n'
import { useReasons } from '@/shared/agents/reasons'
import { api, data, type Schemas } from '@/shared/api/client'
import { inLanguage } from '@/shared/i18n/i18n'
import { useLabels } from '@/shared/i18n/labels'
import { useSettings } from '@/shared/settings/settings'
import type { CallTarget } from '@/shared/socket/messages'

type Found = Schemas['TargetView']

export interface Target {
  kind: CallTarget['kind']
  id: string
  name: string
  /** Staff number, or who is on duty. */
  hint: string
  /** What the target does now; where it cannot be reached, the reason. */
  state: string
  available: boolean
  /** It takes a call now: one on a break can be rung, and is not free. */
  free: boolean
  /** It stands first; null: it cannot be a favourite. */
  favourite: boolean | null
}

const SHOWN = 18
const LONGEST = 40
const REFRESH_MS = 3000
const MINUTE_MS = 60_000
const MOST_FAVOURITES = 50

/** Colleagues, queues and departments that fit what was typed, with their states. */
export function useTargets(typed: MaybeRefOrGetter<string>): { targets: ComputedRef<Target[]>; settled: ComputedRef<boolean> } {
  const { t } = useI18n()
  const [label, { reasonText }, { values }] = [useLabels(), useReasons(), useSettings()]
  const found = useQuery({
    key: () => ['transfer-targets', toValue(typed).trim()],
    query: () => data(api.GET('/api/v1/transfer-targets', { params: { query: { q: toValue(typed).trim().slice(0, LONGEST) } } })),
    staleTime: 1000,
    placeholderData: (before: Found[] | undefined) => before,
  })
  const timer = setInterval(() => void found.refresh(), REFRESH_MS)
  onScopeDispose(() => clearInterval(timer))

  function stateOf(one: Found): string {
    if (one.kind === 'queue') return one.available ? queueState(one) : t('desk.target.no_agents')
    if (one.kind === 'department') return one.available ? t('desk.target.on_duty') : t('desk.target.no_duty')
    if (one.state === null || one.state === 'offline') return t('desk.target.not_signed_in')
    const why = one.state === 'not_ready' ? reasonText(one.reason) : ''
    return why === '' ? label('AgentState', one.state) : `${label('AgentState', one.state)} · ${why}`
  }

  function queueState(one: Found): string {
    // Nothing waits, and an agent is there: a wait of no minutes is none.
    if ((one.waiting ?? 0) === 0 && (one.expected_wait_ms ?? 0) === 0) return t('desk.target.no_wait')
    const waiting = t('desk.target.waiting', { n: one.waiting ?? 0 })
    return one.expected_wait_ms === null ? waiting : `${waiting} · ${t('desk.target.expected', { n: Math.ceil(one.expected_wait_ms / MINUTE_MS) })}`
  }

  const targets = computed(() => {
    const first = new Set(values.favourites)
    const ordered = (found.data.value ?? []).toSorted((one, other) => Number(first.has(nameOf(other))) - Number(first.has(nameOf(one))))
    const rows = ordered.slice(0, SHOWN).map((one): Target => ({
      kind: one.kind, id: one.id, name: inLanguage({ zh: one.name, en: one.name_en ?? one.name }), hint: one.staff_number ?? one.on_duty ?? '', state: stateOf(one), available: one.available,
      free: one.available && (one.kind !== 'agent' || one.state === 'ready'), favourite: first.has(nameOf(one)),
    }))
    return [...numberOf(toValue(typed)), ...rows]
  })
  // Until the answer is there the rows are those of fewer letters.
  const settled = computed(() => found.status.value === 'success' && !found.isPlaceholderData.value)
  return { targets, settled }
}

/** Put a target first in the directory, or not any more. */
export function toggleFavourite(target: Target): void {
  const { values } = useSettings()
  const [name, others] = [nameOf(target), values.favourites.filter((one) => one !== nameOf(target))]
  values.favourites = target.favourite === true ? others : [...others, name].slice(-MOST_FAVOURITES)
}

const nameOf = (one: { kind: string; id: string }): string => `${one.kind}:${one.id}`

/** Return digits that were typed as a number to dial. */
export function numberOf(typed: string): Target[] {
  const number = typed.replaceAll(/[\s-]/g, '')
  return /^\+?\d{3,20}$/.test(number) ? [{ kind: 'number', id: number, name: number, hint: '', state: '', available: true, free: true, favourite: null }] : []
}

/** Return the only target that can be meant; a number typed by hand where nothing else fits. */
export function onlyOne(targets: readonly Target[]): Target | null {
  const named = targets.filter((one) => one.kind !== 'number')
  const [meant, ...others] = named.length > 0 ? named : targets
  return meant?.available === true && others.length === 0 ? meant : null
}
