// Compile catalogues for the build without a compiler of messages: only texts with places, plurals or links need it.
import { baseCompile } from '@intlify/message-compiler'

const PARTS_ONLY = new Set(['start', 'end', 'loc'])

function compiled(message) {
  if (typeof message !== 'string') {
    return Object.fromEntries(Object.entries(message).map(([key, value]) => [key, compiled(value)]))
  }
  if (!/[{|@]/.test(message)) return message
  const { ast } = baseCompile(message, {
    jit: true,
    onError: (error) => {
      throw new Error(`${message}: ${error.message}`)
    },
  })
  return JSON.parse(JSON.stringify(ast, (key, value) => (PARTS_ONLY.has(key) ? undefined : value)))
}

/** @returns {import('vite').Plugin} */
export function messages() {
  return {
    name: 'messages',
    apply: 'build',
    enforce: 'pre',
    transform: {
      filter: { id: /\/messages\/[\w-]+\.json$/ },
      handler: (text) => ({ code: JSON.stringify(compiled(JSON.parse(text))), map: null }),
    },
  }
}
