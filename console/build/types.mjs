// Write the types of the API and of the desk's messages from what `hotline openapi` prints.
import { existsSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import openapiTS, { astToString } from 'openapi-typescript'

const DOCUMENTS = [
  ['openapi.json', 'src/shared/api/schema.ts', 'hotline openapi'],
  ['desk-messages.json', 'src/shared/socket/schema.ts', 'hotline openapi --desk-messages'],
]

for (const [document, target, command] of DOCUMENTS) {
  if (!existsSync(document)) {
    console.error(`no ${document}: run "${command} --output console/${document}" first`)
    process.exit(1)
  }
  // Request fields with a default may be left out; response fields with one are required in the document itself.
  const ast = await openapiTS(pathToFileURL(resolve(document)), { defaultNonNullable: false, emptyObjectsUnknown: true })
  writeFileSync(resolve(target), `// Written by "npm run types" from the service's own description: do not edit.\n${astToString(ast)}`)
}
