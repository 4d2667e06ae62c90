import { onScopeDispose } from 'vue'
import { useReadAgain } from '../api/reading'
import { useDesk } from './desk'
import type { TicketNews } from './messages'

const GATHER_MS = 400

/** Keep what the page shows of tickets as the service has it; `told` hears of each change. */
export function followTickets(told: (news: TicketNews) => void = () => {}): void {
  const [desk, readAgain] = [useDesk(), useReadAgain('tickets')]
  let timer: ReturnType<typeof setTimeout> | undefined
  const stop = desk.listen((message) => {
    if (message.type !== 'ticket') return
    told(message)
    // A busy hour changes many tickets a second: the page asks once for all of them.
    timer ??= setTimeout(() => {
      timer = undefined
      void readAgain()
    }, GATHER_MS)
  })
  onScopeDispose(() => {
    stop()
    clearTimeout(timer)
  })
}
