/** The kind of a file by its bytes, not by its name. */
export interface Media {
  kind: 'image' | 'audio'
  media_type: string
  /** False if the end of the file is missing, so that it may still be written. */
  isWhole: boolean
}

/** The end of an image is searched in so many bytes, because some programs add bytes after it. */
const TAIL = 1_024

const PNG_END = [0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82]
const JPEG_END = [0xff, 0xd9]

/**
 * The image or sound in some bytes; undefined for everything else, such as SVG, which may have
 * scripts.
 */
export function mediaOf(bytes: Uint8Array): Media | undefined {
  if (begins(bytes, [0x89, ...letters('PNG\r\n'), 0x1a, 0x0a])) {
    return image('png', tailHas(bytes, PNG_END))
  }
  if (begins(bytes, [0xff, 0xd8, 0xff])) return image('jpeg', tailHas(bytes, JPEG_END))
  if (begins(bytes, letters('GIF8'))) return image('gif', bytes.at(-1) === 0x3b)
  if (begins(bytes, letters('RIFF'))) return riff(bytes)
  if (begins(bytes, letters('OggS'))) return audio('ogg', true)
  if (begins(bytes, letters('fLaC'))) return audio('flac', true)
  if (begins(bytes, letters('ID3')) || isMp3Frame(bytes)) return audio('mpeg', true)
  return undefined
}

/** WebP and WAV have the length of the rest of the file after their first four bytes. */
function riff(bytes: Uint8Array): Media | undefined {
  if (bytes.length < 12) return undefined
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true)
  const isWhole = bytes.length >= length + 8
  if (has(bytes, letters('WEBP'), 8)) return image('webp', isWhole)
  return has(bytes, letters('WAVE'), 8) ? audio('wav', isWhole) : undefined
}

/** A frame of MPEG layer III, with a bit rate and a sampling rate that exist. */
function isMp3Frame(bytes: Uint8Array): boolean {
  const [first = 0, second = 0, third = 0xff] = bytes
  const isFrame = first === 0xff && (second & 0xe6) === 0xe2 && (second & 0x18) !== 0x08
  return isFrame && third >> 4 !== 0xf && (third & 0x0c) !== 0x0c
}

function image(name: string, isWhole: boolean): Media {
  return { kind: 'image', media_type: `image/${name}`, isWhole }
}

function audio(name: string, isWhole: boolean): Media {
  return { kind: 'audio', media_type: `audio/${name}`, isWhole }
}

function letters(text: string): number[] {
  return Array.from(text, (letter) => letter.charCodeAt(0))
}

function begins(bytes: Uint8Array, beginning: readonly number[]): boolean {
  return has(bytes, beginning, 0)
}

function has(bytes: Uint8Array, part: readonly number[], at: number): boolean {
  return part.every((byte, index) => bytes[at + index] === byte)
}

function tailHas(bytes: Uint8Array, part: readonly number[]): boolean {
  for (let at = bytes.length - part.length; at >= Math.max(0, bytes.length - TAIL); at--) {
    if (has(bytes, part, at)) return true
  }
  return false
}
