// Check the sizes of what browsers load, gzipped, against their budgets.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

const KIB = 1024
const FIRST_LOAD_KIB = 180
const ROUTE_KIB = 80
/** The library of charts: bars and lines alone. It is loaded after a report's table is there. */
const CHART = 'src/shared/charts/chart.ts'
const CHART_KIB = 200
/** What an agent's first page needs: the entry, the shell's pages, one language, the phone. */
const AGENT = ['index.html', 'src/features/desk/pages/DeskPage.vue', 'src/app/catalogues/zh-CN.ts', 'src/app/styles/dark.css']

const out = process.env.CONSOLE_OUT ?? 'dist'
const manifest = JSON.parse(readFileSync(join(out, '.vite/manifest.json'), 'utf8'))
const sizes = new Map()

function size(file) {
  if (!sizes.has(file)) sizes.set(file, gzipSync(readFileSync(join(out, file)), { level: 9 }).length)
  return sizes.get(file)
}

function files(key, found = new Set()) {
  const chunk = manifest[key]
  if (chunk === undefined || found.has(chunk.file)) return found
  found.add(chunk.file)
  chunk.css?.forEach((file) => found.add(file))
  chunk.imports?.forEach((one) => files(one, found))
  return found
}

const total = (found) => [...found].reduce((sum, file) => sum + size(file), 0) / KIB
const agent = new Set(AGENT.flatMap((key) => [...files(key)]))
const phone = Object.keys(manifest).filter((key) => /jssip|src\/phone\//i.test(key))
phone.forEach((key) => files(key, agent))

let failed = false
function report(what, kib, budget) {
  const over = kib > budget
  failed ||= over
  console.log(`${over ? 'OVER ' : 'ok   '}${what.padEnd(58)} ${kib.toFixed(1).padStart(7)} KiB of ${budget}`)
}

report('first load of an agent, with the phone', total(agent), FIRST_LOAD_KIB)
for (const [key, chunk] of Object.entries(manifest)) {
  if (!chunk.isDynamicEntry || phone.includes(key)) continue
  report(key, total([...files(key)].filter((file) => !agent.has(file))), key === CHART ? CHART_KIB : ROUTE_KIB)
}
process.exit(failed ? 1 : 0)
