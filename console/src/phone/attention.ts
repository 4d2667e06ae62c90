const BELL = '☎ '

/** Shows in the tab, and by a notification of the system, that the phone rings. */
export class Attention {
  #notification: Notification | null = null
  #icon: string | null = null

  /** Show a call. The words are those of the notification. */
  show(title: string, body: string): void {
    if (!document.title.startsWith(BELL)) document.title = `${BELL}${document.title}`
    const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]')
    if (link !== null && this.#icon === null) {
      this.#icon = link.href
      link.href = '/icon-ringing.svg'
    }
    if (!document.hidden || !('Notification' in window) || Notification.permission !== 'granted') return
    this.#notification = new Notification(title, { body, tag: 'hotline-call', requireInteraction: true })
    this.#notification.addEventListener('click', () => {
      window.focus()
      this.#notification?.close()
    })
  }

  clear(): void {
    if (document.title.startsWith(BELL)) document.title = document.title.slice(BELL.length)
    const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]')
    if (link !== null && this.#icon !== null) link.href = this.#icon
    this.#icon = null
    this.#notification?.close()
    this.#notification = null
  }
}
