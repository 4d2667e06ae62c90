import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { show } from '@/shared/testing/service'
import UiClock from './UiClock.vue'

beforeEach(() => vi.useFakeTimers())
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

it('a clock out of sight is set when it is seen again', () => {
  const clock = show(UiClock, { since: Date.now() })
  expect(clock.text()).toBe('00:00')
  const hidden = vi.spyOn(HTMLElement.prototype, 'checkVisibility').mockReturnValue(false)
  vi.advanceTimersByTime(3000)
  expect(clock.text()).toBe('00:00')
  hidden.mockReturnValue(true)
  document.dispatchEvent(new Event('scroll'))
  vi.advanceTimersByTime(20)
  expect(clock.text()).toBe('00:03')
  vi.advanceTimersByTime(1000)
  expect(clock.text()).toBe('00:04')
  clock.unmount()
})
