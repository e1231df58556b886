/** Starts the download of a file. */
export function download(name: string, content: Blob): void {
  const url = URL.createObjectURL(content)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // By then the browser has read the address.
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

/** Renders an SVG file as a picture at twice its size. Throws if the browser cannot draw it. */
export async function pictureOf(svg: string): Promise<Blob> {
  const image = new Image()
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`
  await image.decode()
  const canvas = document.createElement('canvas')
  canvas.width = 2 * image.naturalWidth
  canvas.height = 2 * image.naturalHeight
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height)
  const picture = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/png'))
  if (!picture) throw new Error('The picture is too large for this browser. Save fewer charts.')
  return picture
}

/** A file name that is valid on every system. */
export function fileName(name: string, ending: string): string {
  const plain = name.replaceAll(/[^\w.-]+/g, '_').slice(0, 80)
  return `${plain || 'charts'}.${ending}`
}
