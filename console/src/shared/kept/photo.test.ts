import { describe, expect, it } from 'vitest'
import { chosen } from './photo'

const file = (name: string, ...parts: BlobPart[]) => new File(parts, name, { type: 'image/jpeg' })

describe('a chosen file', () => {
  it('is what its content is, whatever its name says', async () => {
    expect(await chosen(file('photo.jpg', '<html>no photo</html>'))).toEqual({ name: 'photo.jpg', wrong: 'type' })
    expect(await chosen(file('a.jpg', '\0\0\0\u001Cftypheic'))).toEqual({ name: 'a.jpg', wrong: 'heic' })
    expect(await chosen(file('a.jpg', new Uint8Array([0xff, 0xd8, 0xff, 0xe0])))).toMatchObject({ name: 'a.jpg', content: expect.any(Blob) })
    expect(await chosen(file('a.pdf', '%PDF-1.7 …'))).toHaveProperty('content')
    expect(await chosen(file('a.webp', 'RIFF0000WEBPVP8'))).toHaveProperty('content')
  })
})
