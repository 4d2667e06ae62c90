import { useI18n } from 'vue-i18n'
import en from './messages/en.json'
import zh from './messages/zh-CN.json'

/** The words of the public pages. They come with these pages: an agent's first load has none of them. */
export function useWords() {
  return useI18n({ useScope: 'local', messages: { 'zh-CN': zh, en } })
}
