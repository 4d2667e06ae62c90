import { describe, expect, it } from 'vitest'
import type { Catalogue } from '@/shared/i18n/i18n'
import zh from './zh-CN'

// Words that one page loads stay in a test file's catalogue, so a test that shows two pages cannot see
// that one of them lacks its own: this reads which modules a page loads instead.
const sources = import.meta.glob<string>(['../../**/*.{ts,vue}', '!../../**/*.test.ts'], { eager: true, query: '?raw', import: 'default' })
const late = import.meta.glob<Catalogue>('../../{shared,features}/**/words/messages/zh-CN.json', { eager: true, import: 'default' })

const ROOT = 'src/'
const local = (path: string) => ROOT + new URL(path, 'file:///src/app/catalogues/').pathname.replace('/src/', '')
const modules = new Map(Object.entries(sources).map(([path, text]) => [local(path), text]))

/** Return the module that an import names; none for packages, styles and words themselves. */
function named(from: string, target: string): string | undefined {
  const path = target.startsWith('@/') ? ROOT + target.slice(2) : new URL(target, `file:///${from}`).pathname.slice(1)
  return [path, `${path}.ts`, `${path}/index.ts`].find((one) => modules.has(one))
}

const found = (from: string, pattern: RegExp) =>
  [...(modules.get(from) ?? '').matchAll(pattern)].flatMap(([, target]) => named(from, target ?? '') ?? [])
const stays = (from: string) => found(from, /^(?:import|export)\s+(?!type\b)(?:[^'"]*?\bfrom\s+)?['"]([@.][^'"]+)['"]/gm)
const waits = (from: string) => found(from, /\bimport\(\s*['"]([@.][^'"]+)['"]/g)

/** Return a module and every other that is loaded with it. */
function together(root: string, all = new Set<string>()): Set<string> {
  if (!all.has(root)) {
    all.add(root)
    for (const one of stays(root)) together(one, all)
  }
  return all
}

function keysOf(words: Catalogue, path: string): string[] {
  return Object.entries(words).flatMap(([key, value]) => (typeof value === 'string' ? [`${path}.${key}`] : keysOf(value, `${path}.${key}`)))
}

/** Keys of each module of words that come with pages. Public pages have their own catalogue. */
const keys = new Map(
  Object.entries(late).flatMap(([path, words]) => {
    const module = local(path).replace(/messages\/.*/, 'words.ts')
    const part = /addWords\('(\w+)'/.exec(modules.get(module) ?? '')?.[1]
    return part === undefined ? [] : [[module, keysOf(words, part)] as const]
  }),
)
const early = new Set(Object.entries(zh).flatMap(([part, words]) => keysOf(words as Catalogue, part)))

/** Return texts that a module asks for and that none of these modules of words has. */
function lacking(module: string, has: ReadonlySet<string>): string[] {
  const source = modules.get(module) ?? ''
  if (/\buseWords\(/.test(source)) return []
  const words = [...keys].filter(([one]) => has.has(one)).flatMap(([, own]) => own)
  const known = new Set([...early, ...words])
  const everywhere = new Set([...early, ...[...keys.values()].flat()])
  const whole = [...source.matchAll(/'(\w+(?:\.\w+)+)'/g)].map(([, key]) => key ?? '')
  const begun = [...source.matchAll(/`(\w+(?:\.\w+)*\.)\$\{/g)].map(([, key]) => key ?? '')
  const asked = [...source.matchAll(/\bt\('(\w+(?:\.\w+)+)'/g)].map(([, key]) => key ?? '')
  const starts = (all: ReadonlySet<string>, key: string) => [...all].some((one) => one.startsWith(key))
  return [
    ...whole.filter((key) => everywhere.has(key) && !known.has(key)),
    ...asked.filter((key) => !everywhere.has(key)),
    ...begun.filter((key) => starts(everywhere, key) && !starts(known, key)),
  ].map((key) => `${module}: ${key}`)
}

/** Return what a module that is loaded after others lacks, with the parts that it loads later. */
function lackingFrom(root: string, before: ReadonlySet<string>, seen = new Set<string>()): string[] {
  if (seen.has(root)) return []
  seen.add(root)
  const own = together(root)
  const has = new Set([...before, ...own])
  return [...[...own].flatMap((one) => lacking(one, has)), ...[...own].flatMap(waits).flatMap((part) => lackingFrom(part, has, seen))]
}

const routes = [...modules.keys()].filter((one) => /features\/\w+\/routes\.ts$/.test(one))
const pages = [...new Set(routes.flatMap((one) => waits(one)))]
const frame = together('src/app/main.ts')

describe('the words of each page', () => {
  it('are read from all pages and their modules of words', () => {
    expect(pages.length).toBeGreaterThan(30)
    expect(keys.size).toBeGreaterThan(10)
    expect(frame.size).toBeGreaterThan(20)
  })

  it.each(['src/app/main.ts', ...pages])('%s loads the words that it shows', (page) => {
    const before = page === 'src/app/main.ts' ? new Set<string>() : frame
    expect([...new Set(lackingFrom(page, before))]).toEqual([])
  })
})
