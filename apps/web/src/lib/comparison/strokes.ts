/** One line of a canvas. */
export interface Stroke {
  /** As in the `d` of an SVG path, in pixels. */
  path: string
  /** A CSS value; it may depend on the theme. */
  colour: string
  /** As in the `stroke-dasharray` of SVG. */
  dash: string
}

/** The longest (ms) that one frame is used for drawing. A dashed line takes up to 10 ms. */
const SLICE = 6

/**
 * Draws lines over several frames, so that the page stays quick. The earlier picture stays until the
 * new one is complete. Call the returned function to end it early.
 */
export function strokeInPieces(
  canvas: HTMLCanvasElement,
  size: { width: number; height: number },
  strokes: readonly Stroke[],
): () => void {
  const pixels = canvas.ownerDocument.defaultView?.devicePixelRatio ?? 1
  const picture = canvas.ownerDocument.createElement('canvas')
  resize(picture, size, pixels)
  // Drawn by the processor: then each line is drawn before the next is asked for.
  const context = picture.getContext('2d', { willReadFrequently: true })
  if (!context) return () => undefined
  context.scale(pixels, pixels)
  context.lineWidth = 1.5
  context.lineJoin = 'round'
  const colourOf = resolvedColours(canvas)
  let next = 0
  const draw = (): void => {
    const end = performance.now() + SLICE
    while (next < strokes.length && performance.now() < end) {
      const stroke = strokes[next]
      if (stroke) strokeOne(context, stroke, colourOf(stroke.colour))
      next += 1
    }
    if (next < strokes.length) frame = requestAnimationFrame(draw)
    else show(canvas, picture)
  }
  let frame = requestAnimationFrame(draw)
  return () => cancelAnimationFrame(frame)
}

function strokeOne(
  context: CanvasRenderingContext2D,
  { path, dash }: Stroke,
  colour: string,
): void {
  const isDashed = dash !== 'none'
  context.strokeStyle = colour
  // Round ends of dashes more than double the time.
  context.lineCap = isDashed ? 'butt' : 'round'
  context.setLineDash(isDashed ? dash.split(' ').map(Number) : [])
  context.stroke(new Path2D(path))
  // Reading a pixel makes the browser draw the line now, and not all lines at the end.
  context.getImageData(0, 0, 1, 1)
}

function show(canvas: HTMLCanvasElement, picture: HTMLCanvasElement): void {
  canvas.width = picture.width
  canvas.height = picture.height
  canvas.getContext('2d')?.drawImage(picture, 0, 0)
}

function resize(
  canvas: HTMLCanvasElement,
  { width, height }: { width: number; height: number },
  pixels: number,
): void {
  canvas.width = Math.max(1, Math.round(width * pixels))
  canvas.height = Math.max(1, Math.round(height * pixels))
}

/** Colours as a canvas accepts them: only a property in use resolves `light-dark()`. */
function resolvedColours(element: HTMLElement): (colour: string) => string {
  const resolved = new Map<string, string>()
  return (colour) => {
    const before = resolved.get(colour)
    if (before !== undefined) return before
    element.style.color = colour
    const computed = getComputedStyle(element).color
    resolved.set(colour, computed)
    return computed
  }
}
