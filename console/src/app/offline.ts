import { watch } from 'vue'
import type { Router } from 'vue-router'
import { useSession } from '@/shared/session/session'

/** Pages that a department opens in the field. */
const FIELD = new Set(['work', 'visits', 'tickets', 'ticket'])

/** Have the pages of a department open without a network; others need none of it. */
export function openOffline(router: Router): void {
  if (!('serviceWorker' in navigator)) return
  const session = useSession()
  watch(
    () => session.who?.staff_id,
    (now, before) => {
      if (before !== undefined && now !== before) navigator.serviceWorker.controller?.postMessage('forget')
      if (session.role === 'department') void install(router)
    },
    { immediate: true },
  )
}

async function install(router: Router): Promise<void> {
  await navigator.serviceWorker.register('/sw.js')
  await navigator.serviceWorker.ready
  // What came before the worker goes through it once more, from the browser's own cache.
  const addresses = performance.getEntriesByType('resource').map((entry) => entry.name)
  const own = addresses.filter((address) => address.startsWith(`${location.origin}/assets/`))
  await Promise.allSettled(own.map((address) => fetch(address)))
  const pages = router.getRoutes().filter((route) => FIELD.has(String(route.name)))
  await Promise.allSettled(pages.map((route) => loaded(route.components?.default)))
}

/** Load a page that comes in a file of its own. */
async function loaded(page: unknown): Promise<void> {
  if (typeof page === 'function') await (page as () => Promise<unknown>)()
}
