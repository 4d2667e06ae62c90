import { addWords } from '@/shared/i18n/i18n'
import en from './messages/en.json'
import zh from './messages/zh-CN.json'

addWords('filing', { 'zh-CN': zh, en })
