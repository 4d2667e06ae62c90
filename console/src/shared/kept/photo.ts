import '@/shared/ui/words/words'
import { shrunk } from './shrink'

export const MOST_BYTES = 20 * 1024 * 1024
const LONGEST_NAME = 200
const HEAD_BYTES = 12

export type Chosen = { name: string; content: Blob } | { name: string; wrong: 'too_large' | 'type' | 'heic' }

/** Return what is wrong with the type of a content: a page that is called `photo.jpg` is still a page. */
async function wrongType(content: Blob): Promise<'type' | 'heic' | null> {
  const bytes = new Uint8Array(await content.slice(0, HEAD_BYTES).arrayBuffer())
  const head = String.fromCharCode(...bytes)
  const isTaken = ['\u00FF\u00D8\u00FF', '\u0089PNG\r\n', '%PDF-'].some((mark) => head.startsWith(mark)) || (head.startsWith('RIFF') && head.endsWith('WEBP'))
  if (isTaken) return null
  return head.slice(4, 8) === 'ftyp' ? 'heic' : 'type'
}

/** Make a chosen file ready to be sent: photos are made smaller, and what cannot be sent is known when it is chosen. */
export async function chosen(file: File): Promise<Chosen> {
  const name = file.name.slice(0, LONGEST_NAME)
  const content = await shrunk(file)
  if (content.size > MOST_BYTES) return { name, wrong: 'too_large' }
  const wrong = await wrongType(content)
  return wrong === null ? { name, content } : { name, wrong }
}
