import { addWords } from '@/shared/i18n/i18n'
import en from './messages/en.json'
import zh from './messages/zh-CN.json'

/** Words of shared parts that no first page shows. */
addWords('shared', { 'zh-CN': zh, en })
