import { onScopeDispose } from 'vue'
import { useSettings } from '@/shared/settings/settings'

/** Shortcuts: F keys that browsers leave free, and Ctrl+Alt; never a bare letter. */
export const KEYMAP = {
  answer: 'F2',
  hold: 'F4',
  form: 'F8',
  file: 'F9',
  finish: 'F10',
  hang_up: 'Ctrl+Alt+H',
  mute: 'Ctrl+Alt+M',
  transfer: 'Ctrl+Alt+T',
  swap: 'Ctrl+Alt+S',
  three_party: 'Ctrl+Alt+J',
  complete: 'Ctrl+Alt+G',
  cancel: 'Ctrl+Alt+B',
  leave: 'Ctrl+Alt+X',
  recording: 'Ctrl+Alt+E',
  keypad: 'Ctrl+Alt+N',
  park: 'Ctrl+Alt+A',
  dial: 'Ctrl+Alt+O',
  pick_up: 'Ctrl+Alt+U',
  ready: 'Ctrl+Alt+R',
  pause: 'Ctrl+Alt+P',
  customer: 'Ctrl+Alt+K',
  dispatch: 'Ctrl+Alt+D',
  help: 'Ctrl+Alt+L',
} as const

export type Shortcut = keyof typeof KEYMAP
type Handlers = Partial<Record<Shortcut, () => void>>

/** The newest page part that takes a key has it. */
const stack: Handlers[] = []

/** Return whether a key belongs to an input method that composes. */
export function composes(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === 229
}

/** Return a handler of a key that leaves the key to an input method while it composes. */
export function unlessComposing(act: (event: KeyboardEvent) => void): (event: KeyboardEvent) => void {
  return (event) => {
    if (!composes(event)) act(event)
  }
}

/** Return the combination of a key event as the keymap writes it, or null for one that types. */
export function combination(event: KeyboardEvent): string | null {
  // AltGr writes characters.
  if (composes(event) || event.getModifierState('AltGraph')) return null
  if (/^F\d+$/.test(event.key)) return event.ctrlKey || event.altKey || event.shiftKey || event.metaKey ? null : event.key
  if (!event.ctrlKey || !event.altKey || event.shiftKey || event.metaKey) return null
  const letter = /^Key([A-Z])$/.exec(event.code)?.[1]
  return letter === undefined ? null : `Ctrl+Alt+${letter}`
}

function press(event: KeyboardEvent): void {
  if (!useSettings().values.shortcuts) return
  const pressed = combination(event)
  if (pressed === null) return
  for (const handlers of stack.toReversed()) {
    for (const [name, handle] of Object.entries(handlers) as [Shortcut, () => void][]) {
      if (KEYMAP[name] !== pressed) continue
      event.preventDefault()
      if (!event.repeat) handle()
      return
    }
  }
}

/** Take shortcuts while this part of the page is there. */
export function useKeys(handlers: Handlers): void {
  if (stack.length === 0) addEventListener('keydown', press)
  stack.push(handlers)
  onScopeDispose(() => {
    stack.splice(stack.indexOf(handlers), 1)
    if (stack.length === 0) removeEventListener('keydown', press)
  })
}
