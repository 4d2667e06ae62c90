import { computed, ref, watch } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import { usePhone } from '@/phone'
import { onceKey, type Schemas } from '@/shared/api/client'
import { ApiProblem } from '@/shared/api/problems'
import { useCalling, type Callee } from '@/shared/calling/calling'
import { useDesk } from '@/shared/socket/desk'
import { spoken } from '@/shared/ui/numbers'
import { callOut } from '../queries'

const MASK = '*'

/** Return what the service is asked: the number that is shown; of a masked one it knows the whole. */
export function asked(callee: Callee, typed: string): Schemas['CallOut'] {
  const number = typed.trim()
  const about = callee.about ?? {}
  if (about.target !== undefined || number === '') return about
  if (number.includes(MASK) && number === spoken(callee.number ?? '')) return about
  return { ...about, target: { kind: 'number', id: number } }
}

/** Call the one whom the panel names; a refusal is shown at the number. */
export function useCallOut() {
  const { t } = useI18n()
  const [calling, router, desk, phone] = [useCalling(), useRouter(), useDesk(), usePhone()]
  const number = ref('')
  /** Number that the other party sees; null: the usual one. */
  const shown = ref<string | null>(null)
  const busy = ref(false)
  const missing = ref(false)
  /** The own phone could not be connected: nothing would ring. */
  const offline = ref(false)
  const problem = ref<unknown>(null)
  const placed = ref('')
  let key = ''

  watch(
    () => calling.opened,
    () => {
      number.value = spoken(calling.callee?.number ?? '')
      missing.value = offline.value = false
      problem.value = null
      key = onceKey()
    },
    { immediate: true },
  )

  // The click was the answer already: the own phone rings for this call alone.
  watch(
    () => phone.state.call?.stage === 'ringing' && desk.call?.state === null && desk.call.call_id === placed.value,
    (own) => {
      if (own) void phone.answer()
    },
  )

  const wrong = computed(() => {
    if (missing.value) return t('shared.rule.required')
    if (!(problem.value instanceof ApiProblem)) return ''
    return ['target', 'target.id', 'number'].map((field) => (problem.value as ApiProblem).rule(field)).find((rule) => rule !== '') ?? ''
  })

  async function place(): Promise<void> {
    if (busy.value || calling.callee === null) return
    const call = asked(calling.callee, number.value)
    missing.value = Object.keys(call).length === 0
    if (missing.value) return
    busy.value = true
    problem.value = null
    offline.value = phone.state.kind !== 'desk' && phone.state.stage === 'off' && !(await phone.startShift())
    if (offline.value) {
      busy.value = false
      return
    }
    try {
      placed.value = await callOut({ ...call, shown_number: shown.value }, key)
      calling.close()
      await router.push({ name: 'desk' })
    } catch (refusal) {
      problem.value = refusal
      // Another try is another call.
      key = onceKey()
    } finally {
      busy.value = false
    }
  }

  return { number, shown, busy, problem, offline, wrong, place }
}
