const LONGEST_SIDE = 2560
const QUALITY = 0.85
/** Smaller photos go as they are: the service makes every photo anew anyway. */
const SMALL_BYTES = 1024 * 1024

/** Return a photo that is quick to send from a cellar, without the place where it was taken; others stay as they are. */
export async function shrunk(file: File): Promise<Blob> {
  if (!file.type.startsWith('image/') || file.size <= SMALL_BYTES) return file
  try {
    const photo = await createImageBitmap(file)
    const scale = Math.min(1, LONGEST_SIDE / Math.max(photo.width, photo.height))
    const canvas = document.createElement('canvas')
    canvas.width = Math.round(photo.width * scale)
    canvas.height = Math.round(photo.height * scale)
    canvas.getContext('2d')?.drawImage(photo, 0, 0, canvas.width, canvas.height)
    photo.close()
    const made = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', QUALITY))
    return made ?? file
  } catch {
    // What the browser cannot read the service judges, and says why.
    return file
  }
}
