import { describe, expect, it } from 'vitest'
import type { Catalogue } from '@/shared/i18n/i18n'
import en from './en'
import { joined } from './joined'
import zh from './zh-CN'

function texts(words: Catalogue, path = ''): Map<string, string> {
  return new Map(
    Object.entries(words).flatMap(([key, value]) =>
      typeof value === 'string' ? [[`${path}${key}`, value] as const] : [...texts(value, `${path}${key}.`)],
    ),
  )
}

const places = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).toSorted()

describe('catalogues', () => {
  // Some words come with their pages.
  const lateZh = joined(import.meta.glob('../../{shared,features/*}/words/messages/zh-CN.json', { eager: true, import: 'default' }))
  const lateEn = joined(import.meta.glob('../../{shared,features/*}/words/messages/en.json', { eager: true, import: 'default' }))
  const [chinese, english] = [texts({ ...zh, late: lateZh }), texts({ ...en, late: lateEn })]

  it('have the same keys', () => {
    expect([...english.keys()].toSorted()).toEqual([...chinese.keys()].toSorted())
  })

  it('name the same places in each text', () => {
    const uneven = [...chinese].filter(([key, text]) => {
      const other = (english.get(key) ?? '').split('|')[0] ?? ''
      return places(text.split('|')[0] ?? '').join() !== places(other).join()
    })
    expect(uneven.map(([key]) => key)).toEqual([])
  })

  it('leave no text empty', () => {
    expect([...chinese, ...english].filter(([, text]) => text.trim() === '')).toEqual([])
  })
})
