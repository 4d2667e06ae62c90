// Service worker of the pages: without a network they open, and show what was last seen. It keeps no words of people:
// what was typed or photographed is in the page's own store, and sent by the page.
const SHELL = 'hotline-shell'
const SEEN = 'hotline-seen'
/** What a department looks at in the field. */
const KEPT = /^\/api\/v1\/(?:session|labels|me\/settings|tickets|ticket-counts|departments|categories|appointments|own-refusals|people)(?:\/|$)/
const MOST_SEEN = 300

self.addEventListener('install', (event) => event.waitUntil(self.skipWaiting()))
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))
self.addEventListener('message', ({ data }) => {
  // The person signed out: what was seen is not for the next one.
  if (data === 'forget') void caches.delete(SEEN)
})

self.addEventListener('fetch', (event) => {
  const { request } = event
  const { origin, pathname } = new URL(request.url)
  if (request.method !== 'GET' || origin !== self.location.origin) return
  if (pathname.startsWith('/api/')) {
    if (request.mode !== 'navigate' && KEPT.test(pathname)) event.respondWith(newest(request, SEEN, request))
  } else if (request.mode === 'navigate') {
    if (!pathname.startsWith('/public/')) event.respondWith(newest(request, SHELL, '/'))
  } else if (pathname.startsWith('/assets/')) {
    event.respondWith(unchanging(request))
  }
})

/** Ask the service; where nothing answers, return what it answered last. */
async function newest(request, name, key) {
  let response
  try {
    response = await fetch(request)
  } catch (problem) {
    const known = await caches.match(key, { cacheName: name })
    if (known !== undefined) return known
    throw problem
  }
  const cache = await caches.open(name)
  if (response.ok) {
    await cache.put(key, response.clone())
    await forgetOldest(cache)
  } else if (response.status === 401 || response.status === 404) await cache.delete(key)
  return response
}

/** The name of a file under /assets/ changes with its content. */
async function unchanging(request) {
  const cache = await caches.open(SHELL)
  const known = await cache.match(request)
  if (known !== undefined) return known
  const response = await fetch(request)
  if (response.ok) await cache.put(request, response.clone())
  return response
}

async function forgetOldest(cache) {
  const keys = await cache.keys()
  await Promise.all(keys.slice(0, Math.max(0, keys.length - MOST_SEEN)).map((key) => cache.delete(key)))
}
