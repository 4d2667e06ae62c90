import { defineStore } from 'pinia'
import { reactive, ref, watch } from 'vue'
import { api, data, type Schemas } from '@/shared/api/client'
import { speak } from '@/shared/i18n/i18n'

export type Settings = Schemas['OwnSettings']

const KEY = 'hotline.settings'
const SEND_AFTER_MS = 600
const PUBLIC = /^\/(report|progress)\b/
const USUAL: Settings = { language: 'zh', theme: 'system', ring_tone: 'classic', ring_volume: 80, shortcuts: true, columns: {}, favourites: [] }

/** A public page is opened in the browser's language at the first visit: staff choose theirs once. */
function inEnglish(): boolean {
  return PUBLIC.test(location.pathname) && navigator.language.toLowerCase().startsWith('en')
}

function stored(): Settings {
  try {
    const found = JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Settings>
    const language = found.language ?? (inEnglish() ? 'en' : 'zh')
    return { ...USUAL, ...found, language: language === 'en' ? 'en' : 'zh' }
  } catch {
    return { ...USUAL }
  }
}

/** Own settings: of this browser before the sign-in, of the account after it. */
export const useSettings = defineStore('settings', () => {
  const values = reactive<Settings>(stored())
  const dark = matchMedia('(prefers-color-scheme: dark)')
  /** The page is dark now: by choice, or as the system is. */
  const isDark = ref(false)
  let signedIn = false
  /** Changed before anybody signed in, on the sign-in page: meant for the account too. */
  let meant = false
  let known = JSON.stringify(values)
  let timer: ReturnType<typeof setTimeout> | undefined

  function paint(): void {
    isDark.value = values.theme === 'dark' || (values.theme === 'system' && dark.matches)
    document.documentElement.classList.toggle('dark', isDark.value)
  }

  function changed(): void {
    const text = JSON.stringify(values)
    localStorage.setItem(KEY, text)
    paint()
    clearTimeout(timer)
    if (text === known) return
    if (!signedIn) {
      meant = true
      return
    }
    timer = setTimeout(() => void store(text), SEND_AFTER_MS)
  }

  /** The page goes, and the account has not got the last change: it is sent now, and outlives the page. */
  function leavePage(): void {
    const text = JSON.stringify(values)
    clearTimeout(timer)
    if (signedIn && text !== known) void store(text, true)
  }

  async function store(text: string, keepalive = false): Promise<void> {
    // Known from now on: a change back while this is on its way is a change.
    known = text
    try {
      await data(api.PUT('/api/v1/me/settings', { body: values, keepalive }))
    } catch {
      known = ''
      // They hold in this browser; the next change sends them again.
    }
  }

  /** Apply the settings to the page, now and after each change. */
  async function apply(): Promise<void> {
    dark.addEventListener('change', paint)
    addEventListener('pagehide', leavePage)
    watch(values, changed, { deep: true })
    watch(
      () => values.language,
      (language) => void speak(language === 'en' ? 'en' : 'zh-CN'),
    )
    paint()
    await speak(values.language === 'en' ? 'en' : 'zh-CN')
  }

  /** Take over the settings of the account that signed in. */
  async function follow(): Promise<void> {
    signedIn = true
    if (meant) {
      meant = false
      return store(JSON.stringify(values))
    }
    try {
      const before = { ...values }
      const found = await data(api.GET('/api/v1/me/settings'))
      known = JSON.stringify({ ...values, ...found })
      // What was changed while the account's were on their way is newer than they are.
      const unchanged = Object.entries(found).filter(([name]) => values[name as keyof Settings] === before[name as keyof Settings])
      Object.assign(values, Object.fromEntries(unchanged))
    } catch {
      // Those of this browser stay.
    }
  }

  function leave(): void {
    signedIn = false
  }

  return { values, isDark, apply, follow, leave }
})
