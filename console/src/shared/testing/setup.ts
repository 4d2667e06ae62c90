import { config } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { beforeEach } from 'vitest'
import { i18n, provideCatalogues, speak } from '@/shared/i18n/i18n'

config.global.plugins = [i18n]

const catalogues = import.meta.glob('../../app/catalogues/{en,zh-CN}.ts')
const loader = (language: string) => catalogues[`../../app/catalogues/${language}.ts`] as never
provideCatalogues({ 'zh-CN': loader('zh-CN'), en: loader('en') })

beforeEach(async () => {
  sessionStorage.clear()
  setActivePinia(createPinia())
  localStorage.clear()
  await speak('zh-CN')
})
