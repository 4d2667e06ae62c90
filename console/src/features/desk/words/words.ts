import { addWords } from '@/shared/i18n/i18n'
import en from './messages/en.json'
import zh from './messages/zh-CN.json'

/** Words of the desk's parts that come when they are needed: no first load has them. */
addWords('wrap_up', { 'zh-CN': zh, en })
