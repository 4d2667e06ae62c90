// Write the types of the API from the document that `hotline openapi` prints.
import { existsSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import openapiTS, { astToString } from 'openapi-typescript'

const document = resolve(process.env.CONSOLE_OPENAPI ?? 'openapi.json')
const target = resolve('src/shared/api/schema.ts')

if (!existsSync(document)) {
  console.error(`no ${document}: run "hotline openapi --output console/openapi.json" first`)
  process.exit(1)
}
// Request fields with a default may be left out; response fields with one are required in the document itself.
const ast = await openapiTS(pathToFileURL(document), { defaultNonNullable: false })
writeFileSync(target, `// Written by "npm run types" from the service's own description: do not edit.\n${astToString(ast)}`)
