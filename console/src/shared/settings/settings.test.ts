import { flushPromises } from '@vue/test-utils'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { nextTick } from 'vue'
import { serve } from '@/shared/testing/service'
import { useSettings } from './settings'

const account = { language: 'en', theme: 'light', ring_tone: 'soft', ring_volume: 40, shortcuts: true, columns: {}, favourites: [] }

afterEach(() => vi.unstubAllGlobals())

describe('own settings', () => {
  it('are those of the account', async () => {
    serve({ 'GET /me/settings': account })
    const settings = useSettings()
    await settings.follow()
    expect(settings.values).toEqual(account)
  })

  it('keep what is changed while the account’s are on their way', async () => {
    serve({ 'GET /me/settings': account })
    const settings = useSettings()
    const following = settings.follow()
    settings.values.theme = 'dark'
    await following
    expect(settings.values).toEqual({ ...account, theme: 'dark' })
  })

  it('changed back while the change is on its way reach the account', async () => {
    const asked = serve({ 'GET /me/settings': account })
    const settings = useSettings()
    await settings.apply()
    await settings.follow()
    await flushPromises()
    vi.useFakeTimers()
    for (const theme of ['dark', 'light'] as const) {
      settings.values.theme = theme
      await nextTick()
      vi.advanceTimersByTime(600)
    }
    vi.useRealTimers()
    await flushPromises()
    expect(asked.filter((one) => one.method === 'PUT').map((one) => one.body['theme'])).toEqual(['dark', 'light'])
  })

  it('changed just before the page goes are sent at once, and outlive it; a page that changed nothing sends nothing', async () => {
    const asked = serve({ 'GET /me/settings': account })
    const sent = () => asked.filter((one) => one.method === 'PUT').map((one) => [one.body['language'], one.keepalive])
    const settings = useSettings()
    await settings.apply()
    await settings.follow()
    await flushPromises()
    dispatchEvent(new Event('pagehide'))
    await flushPromises()
    expect(sent()).toEqual([])
    settings.values.language = 'zh'
    dispatchEvent(new Event('pagehide'))
    await flushPromises()
    expect(sent()).toEqual([['zh', true]])
    settings.leave()
    settings.values.language = 'en'
    dispatchEvent(new Event('pagehide'))
    await flushPromises()
    expect(sent()).toHaveLength(1)
  })

  it('follow the system from light to dark while the page is open', async () => {
    serve({})
    const system = Object.assign(new EventTarget(), { matches: false })
    vi.stubGlobal('matchMedia', () => system)
    const settings = useSettings()
    await settings.apply()
    expect(settings.isDark).toBe(false)
    system.matches = true
    system.dispatchEvent(new Event('change'))
    expect(settings.isDark).toBe(true)
    vi.unstubAllGlobals()
  })

  it('chosen at the sign-in page are taken to the account', async () => {
    const asked = serve({})
    const settings = useSettings()
    await settings.apply()
    settings.values.language = 'en'
    await flushPromises()
    await settings.follow()
    expect(asked.map((one) => [one.method, one.path, one.body['language']])).toEqual([['PUT', '/me/settings', 'en']])
  })
})
