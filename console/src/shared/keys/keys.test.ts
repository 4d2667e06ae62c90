import { effectScope } from 'vue'
import { describe, expect, it, vi } from 'vitest'
import { useSettings } from '@/shared/settings/settings'
import { useKeys } from './keys'

function press(init: KeyboardEventInit): boolean {
  const event = new KeyboardEvent('keydown', { cancelable: true, ...init })
  // happy-dom takes Ctrl and Alt together for AltGraph.
  event.getModifierState = () => false
  return dispatchEvent(event)
}

const hangUp = { key: 'h', code: 'KeyH', ctrlKey: true, altKey: true }

function taking(handlers: Parameters<typeof useKeys>[0]) {
  const scope = effectScope()
  scope.run(() => useKeys(handlers))
  return scope
}

describe('shortcuts', () => {
  it('act, and keep the key from the browser', () => {
    const answer = vi.fn()
    const scope = taking({ answer })
    expect(press({ key: 'F2' })).toBe(false)
    expect(answer).toHaveBeenCalledOnce()
    scope.stop()
    expect(press({ key: 'F2' })).toBe(true)
  })

  it('leave every key to an input method that composes, and characters alone', () => {
    const handlers = { answer: vi.fn(), hang_up: vi.fn() }
    const scope = taking(handlers)
    press({ key: 'F2', isComposing: true })
    press({ key: 'h', code: 'KeyH' })
    press({ ...hangUp, shiftKey: true })
    expect([handlers.answer, handlers.hang_up].flatMap((one) => one.mock.calls)).toEqual([])
    press(hangUp)
    expect(handlers.hang_up).toHaveBeenCalledOnce()
    scope.stop()
  })

  it('belong to the part that came last, once while held down', () => {
    const [page, dialog] = [vi.fn(), vi.fn()]
    const below = taking({ file: page })
    const above = taking({ file: dialog })
    press({ key: 'F9' })
    press({ key: 'F9', repeat: true })
    above.stop()
    press({ key: 'F9' })
    expect([dialog.mock.calls.length, page.mock.calls.length]).toEqual([1, 1])
    below.stop()
  })

  it('can be switched off', () => {
    const answer = vi.fn()
    const scope = taking({ answer })
    useSettings().values.shortcuts = false
    expect(press({ key: 'F2' })).toBe(true)
    expect(answer).not.toHaveBeenCalled()
    scope.stop()
  })
})
