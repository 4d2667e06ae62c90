/** One bar of a channel: where it stands, and how loud it is, from 0 to 1. */
export interface Bar {
  x: number
  height: number
}

/** Return as many bars as fit a width: of each stretch the loudest peak, so that a short word is not lost. */
export function bars(peaks: readonly number[], width: number, step = 3): Bar[] {
  const count = Math.min(peaks.length, Math.max(1, Math.floor(width / step)))
  return Array.from({ length: count }, (_, at) => {
    const [from, until] = [Math.floor((at * peaks.length) / count), Math.floor(((at + 1) * peaks.length) / count)]
    return { x: at * step, height: Math.min(1, Math.max(0, ...peaks.slice(from, Math.max(until, from + 1)))) }
  })
}

/** Draw the channels under each other, what was played in another colour. */
export function draw(canvas: HTMLCanvasElement, channels: readonly (readonly number[])[], played: number): void {
  const [ratio, box, pen] = [devicePixelRatio, canvas.getBoundingClientRect(), canvas.getContext('2d')]
  if (pen === null || box.width === 0) return
  const { color, accentColor } = getComputedStyle(canvas)
  canvas.width = Math.round(box.width * ratio)
  canvas.height = Math.round(box.height * ratio)
  pen.scale(ratio, ratio)
  const lane = box.height / Math.max(1, channels.length)
  channels.forEach((peaks, at) => {
    const middle = lane * (at + 0.5)
    for (const bar of bars(peaks, box.width)) {
      const half = Math.max(0.5, bar.height * lane * 0.46)
      pen.fillStyle = bar.x <= played * box.width ? accentColor : color
      pen.fillRect(bar.x, middle - half, 2, half * 2)
    }
  })
}
