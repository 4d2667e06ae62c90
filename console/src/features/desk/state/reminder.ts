import { useQuery } from '@pinia/colada'
import { computed, ref } from 'vue'
import { api, data, type Schemas } from '@/shared/api/client'

type Outcome = Schemas['ReminderOutcome']

/** Outcome of the reminder of arrears in a call: chosen by a click, and stored by it (H5). */
export function useReminder(callId: () => string, customerId: () => string) {
  const reminders = useQuery({
    key: () => ['arrears-reminders', customerId(), callId()],
    query: () => data(api.GET('/api/v1/customers/{customer_id}/arrears-reminders', { params: { path: { customer_id: customerId() } } })),
  })
  const problem = ref<unknown>(null)
  const said = computed(() => reminders.data.value?.find((one) => one.call_id === callId())?.outcome ?? null)
  const before = computed(() => reminders.data.value?.find((one) => one.call_id !== callId()) ?? null)

  async function store(outcome: string): Promise<void> {
    problem.value = null
    try {
      await data(
        api.PUT('/api/v1/calls/{call_id}/arrears-reminder', {
          params: { path: { call_id: callId() } },
          body: { customer_id: customerId(), outcome: outcome as Outcome },
          keepalive: true,
        }),
      )
      await reminders.refetch()
    } catch (refusal) {
      problem.value = refusal
    }
  }

  return { said, before, problem, store }
}
