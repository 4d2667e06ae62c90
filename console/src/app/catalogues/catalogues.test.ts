import { describe, expect, it } from 'vitest'
import type { Catalogue } from '@/shared/i18n/i18n'
import en from './en'
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
  const [chinese, english] = [texts(zh), texts(en)]

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
