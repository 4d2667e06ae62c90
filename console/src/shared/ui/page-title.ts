import { watchEffect } from 'vue'
import { useI18n } from 'vue-i18n'

/** Title the window: what the page is, then the product. The bell of a call that rings stays in front. */
export function usePageTitle(of: () => string): void {
  const { t } = useI18n({ useScope: 'global' })
  watchEffect(() => {
    const bell = /^☎ /u.exec(document.title)?.[0] ?? ''
    document.title = bell + [of(), t('shared.product')].filter(Boolean).join(' · ')
  })
}
