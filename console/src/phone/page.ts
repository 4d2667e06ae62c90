export interface PageEvents {
  networkLost: () => void
  /** The network is back, or the page was asleep. */
  mayBeBroken: () => void
  /** The page is about to go; return whether to ask first. */
  leaving: () => boolean
  clicked: () => void
  devicesChanged: () => void
}

/** Tell what happens to the page for as long as it is open. */
export function listenToPage(events: PageEvents): void {
  window.addEventListener('online', events.mayBeBroken)
  window.addEventListener('offline', events.networkLost)
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) events.mayBeBroken()
  })
  window.addEventListener('beforeunload', (event) => {
    if (events.leaving()) event.preventDefault()
  })
  document.addEventListener('click', events.clicked)
  navigator.mediaDevices?.addEventListener('devicechange', events.devicesChanged)
}
