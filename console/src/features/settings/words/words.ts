import { addWords } from '@/shared/i18n/i18n'
import en from './messages/en.json'
import zh from './messages/zh-CN.json'

addWords('service', { 'zh-CN': zh, en })
