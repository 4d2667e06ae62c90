import { config, enableAutoUnmount } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, vi } from 'vitest'
import { i18n, provideCatalogues, speak } from '@/shared/i18n/i18n'

config.global.plugins = [i18n]

const catalogues = import.meta.glob('../../app/catalogues/{en,zh-CN}.ts')
const loader = (language: string) => catalogues[`../../app/catalogues/${language}.ts`] as never
provideCatalogues({ 'zh-CN': loader('zh-CN'), en: loader('en') })

const wordless: string[] = []
i18n.global.setMissingHandler((language, key) => void wordless.push(`${language}: ${key}`))

beforeEach(async () => {
  sessionStorage.clear()
  setActivePinia(createPinia())
  localStorage.clear()
  await speak('zh-CN')
})

// A word that another page loads is missing on this one: people would read its key.
afterEach(() => {
  const missing = wordless.splice(0)
  if (missing.length) throw new Error(`no words for ${missing.join(', ')}`)
})

// A part that stays mounted, or a timer that runs on, would make its own stores those of the tests after it.
enableAutoUnmount(afterEach)
const running = new Set<number>()
for (const start of ['setTimeout', 'setInterval'] as const) {
  const begin = globalThis[start] as (...given: unknown[]) => number
  globalThis[start] = ((...given: unknown[]) => {
    const timer = begin(...given)
    running.add(timer)
    return timer
  }) as never
}
afterEach(() => {
  vi.useRealTimers()
  running.forEach((timer) => clearTimeout(timer))
  running.clear()
})
