import { addWords } from '@/shared/i18n/i18n'
import en from './messages/en.json'
import zh from './messages/zh-CN.json'

/** Words that fields need seldom: no first load has them. */
addWords('fields', { 'zh-CN': zh, en })
