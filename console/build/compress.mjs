// Writes .br and .gz beside every file of a build that becomes smaller by it: node build/compress.mjs, folder in CONSOLE_OUT.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const folder = process.env.CONSOLE_OUT ?? 'dist'
const COMPRESSIBLE = /\.(js|css|html|svg|json|webmanifest|txt)$/
const SMALLEST = 1024 // below that, headers weigh more than what is saved

for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !COMPRESSIBLE.test(entry.name)) continue
  const path = join(entry.parentPath, entry.name)
  const content = readFileSync(path)
  if (content.length < SMALLEST) continue
  const sized = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length }
  writeFileSync(`${path}.br`, brotliCompressSync(content, { params: sized }))
  writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }))
}
