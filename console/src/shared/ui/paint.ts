import { defineAsyncComponent, type Component } from 'vue'

/** Do something once what changed now is on the screen; at once in a tab in the background, which paints nothing. */
export function afterPaint(work: () => void): void {
  if (document.hidden) work()
  else requestAnimationFrame(() => setTimeout(work))
}

/** A component that is no part of a page's first picture: its code is asked for after that. */
export function afterFirstPicture(load: () => Promise<{ default: Component }>): Component {
  return defineAsyncComponent(async () => {
    await new Promise<void>(afterPaint)
    return (await load()).default
  })
}
