import { defineStore } from 'pinia'
import { reactive, watch } from 'vue'
import { LANGUAGES, speak, type Language } from '@/shared/i18n/i18n'

export type Theme = 'system' | 'light' | 'dark'

export interface Settings {
  language: Language
  theme: Theme
  shortcuts: boolean
}

const KEY = 'hotline.settings'
const USUAL: Settings = { language: 'zh-CN', theme: 'system', shortcuts: true }

function stored(): Settings {
  try {
    const found = { ...USUAL, ...(JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Settings>) }
    return LANGUAGES.includes(found.language) ? found : USUAL
  } catch {
    return { ...USUAL }
  }
}

/** Own settings of this browser. */
export const useSettings = defineStore('settings', () => {
  const values = reactive<Settings>(stored())
  const dark = matchMedia('(prefers-color-scheme: dark)')

  function paint(): void {
    const isDark = values.theme === 'dark' || (values.theme === 'system' && dark.matches)
    document.documentElement.classList.toggle('dark', isDark)
  }

  /** Apply the settings to the page, now and after each change. */
  async function apply(): Promise<void> {
    dark.addEventListener('change', paint)
    watch(
      values,
      () => {
        localStorage.setItem(KEY, JSON.stringify(values))
        paint()
      },
      { deep: true },
    )
    watch(
      () => values.language,
      (language) => void speak(language),
    )
    paint()
    await speak(values.language)
  }

  return { values, apply }
})
