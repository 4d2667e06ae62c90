import { useQuery } from '@pinia/colada'
import { computed } from 'vue'
import { api, data } from '@/shared/api/client'
import { useRecordings } from '@/shared/recordings/queries'
import { useSession, type Role } from '@/shared/session/session'
import type { TicketDetail } from './queries'
import { timeline } from './timeline'

const but = (...roles: Role[]) => (role: Role | null) => role !== null && !roles.includes(role)
/** Who may ask for what; the service refuses the others. */
const HEARS = but('campaigns')
const SEES_VISITS = but('campaigns', 'quality')
const SEES_ANSWERS = but('department')
const SEES_NOTICES = but('agent', 'quality', 'campaigns')

/** Everything that happened to a ticket, as far as the role sees it. */
export function useTimeline(ticket: () => TicketDetail) {
  const session = useSession()
  const path = () => ({ path: { ticket_id: ticket().id } })
  const key = (what: string) => ['tickets', what, ticket().id]
  const recordings = useRecordings(() => ({ ticket_id: ticket().id }), () => HEARS(session.role))
  const visits = useQuery({
    key: () => key('visits'),
    query: () => data(api.GET('/api/v1/tickets/{ticket_id}/appointments', { params: path() })),
    enabled: () => SEES_VISITS(session.role),
  })
  const surveys = useQuery({
    key: () => key('surveys'),
    query: () => data(api.GET('/api/v1/tickets/{ticket_id}/surveys', { params: path() })),
    enabled: () => SEES_ANSWERS(session.role),
  })
  const notices = useQuery({
    key: () => key('notices'),
    query: () => data(api.GET('/api/v1/notice-deliveries', { params: { query: { ticket_id: ticket().id } } })),
    enabled: () => SEES_NOTICES(session.role),
  })
  return computed(() =>
    timeline({
      log: ticket().log,
      files: ticket().files,
      recordings: recordings.data.value ?? [],
      notes: new Map(ticket().attachments.map((one) => [one.recording_id, one.note])),
      visits: visits.data.value ?? [],
      answers: surveys.data.value?.answers ?? [],
      notices: notices.data.value ?? [],
    }),
  )
}
