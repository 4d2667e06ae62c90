import type { Directive } from 'vue'
import { unlessComposing } from '@/shared/keys/keys'

const FIELDS = ['textarea', 'input:not([type=hidden])', 'select', 'button'].map((one) => `${one}:not([tabindex="-1"])`).join(', ')
const openers = new WeakMap<HTMLElement, Opened>()

interface Opened {
  opener: Element | null
  around: Element | null
  hadFocus: boolean
}

/** Focus what stands in the place of a button that is gone. */
function goOn({ around }: Opened): void {
  const next = (around?.isConnected && around.querySelector(FIELDS)) || document.querySelector('main')
  if (next instanceof HTMLElement) next.focus()
}

/** Focus the button that opened a part. What was done may take the button away: the focus stays near it then. */
function goBack(one: Opened): void {
  const { opener } = one
  if (!(opener instanceof HTMLElement) || !opener.isConnected || opener === document.body) return goOn(one)
  opener.focus()
  const watch = new MutationObserver(() => {
    if (opener.isConnected) return
    leave()
    if (document.activeElement === document.body) goOn(one)
  })
  const leave = () => {
    watch.disconnect()
    removeEventListener('focusin', leave)
  }
  watch.observe(document.body, { childList: true, subtree: true })
  addEventListener('focusin', leave)
}

/**
 * A part of a page that a button opens: it takes the focus, and gives it back when it is gone.
 * Escape calls the given function, unless words would be lost; with `.keeps` they are not.
 */
export const vOpened: Directive<HTMLElement, (() => void) | undefined, 'keeps'> = {
  mounted(part, { value: leave, modifiers }) {
    openers.set(part, { opener: document.activeElement, around: part.parentElement, hadFocus: false })
    let typed = false
    part.addEventListener('input', () => (typed = true))
    part.addEventListener('keydown', unlessComposing(({ key }) => {
      if (key === 'Escape' && (modifiers.keeps || !typed)) leave?.()
    }))
    part.querySelector<HTMLElement>(FIELDS)?.focus()
  },
  beforeUnmount(part) {
    const one = openers.get(part)
    if (one !== undefined) one.hadFocus = part.contains(document.activeElement)
  },
  unmounted(part) {
    const one = openers.get(part)
    // The button may be drawn anew in the same turn.
    if (one?.hadFocus) queueMicrotask(() => goBack(one))
  },
}
