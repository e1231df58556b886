import type { FilesFault } from '@bestmark/core'
import { bytesAt, type ByteSource } from './bytes.ts'

const PIECE = 1 << 18
/** How much of a text is kept; all names are shorter. */
const LONGEST_TEXT = 1 << 16
/** Bytes of a value by the number of its type; texts (8) and arrays (9) have their own length. */
const WIDTHS: Readonly<Record<number, number>> = {
  ...{ 0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8 },
}
/** Longer than any header with its texts. A broken header must not be read for ever. */
const LONGEST_HEADER = 1 << 30
const TEXT = 8
const ARRAY = 9
const UINT32 = 4

/** The file ends within its header, or the header is invalid. */
export class HeaderBroken extends Error {
  readonly fault: FilesFault

  constructor(fault: FilesFault, why: string) {
    super(why)
    this.fault = fault
  }
}

/** Reads the header of a GGUF file from start to end, in pieces. */
export class GgufReader {
  offset: number
  readonly #file: ByteSource
  #piece: Buffer = Buffer.alloc(0)
  #start = 0

  constructor(file: ByteSource, offset: number) {
    this.#file = file
    this.offset = offset
  }

  /** A little-endian whole number of 4 or 8 bytes. */
  async number(width: 4 | 8): Promise<number> {
    const bytes = await this.#take(width)
    return width === 4 ? bytes.readUInt32LE() : Number(bytes.readBigUInt64LE())
  }

  async text(): Promise<string> {
    const length = await this.number(8)
    const kept = await this.#take(Math.min(length, LONGEST_TEXT))
    const text = kept.toString('utf8')
    this.offset += length - kept.length
    return text
  }

  /** Skips a value; returns it if it is a 32-bit count. */
  async value(): Promise<number | undefined> {
    const type = await this.number(4)
    if (type === UINT32) return this.number(4)
    await this.#skip(type, 1)
    return undefined
  }

  async #skip(type: number, count: number): Promise<void> {
    const width = WIDTHS[type]
    if (width !== undefined) this.offset += width * count
    else if (type === TEXT) for (let left = count; left > 0; left--) await this.text()
    else if (type === ARRAY) {
      for (let left = count; left > 0; left--) {
        const inner = await this.number(4)
        await this.#skip(inner, await this.number(8))
      }
    } else
      throw new HeaderBroken(
        'header_invalid',
        `has a value of an unknown type in its header (${type})`,
      )
  }

  async #take(length: number): Promise<Buffer> {
    if (this.offset > LONGEST_HEADER)
      throw new HeaderBroken('header_invalid', 'has a header that is too long')
    const isHere =
      this.offset >= this.#start && this.offset + length <= this.#start + this.#piece.length
    if (!isHere) {
      this.#piece = await bytesAt(this.#file, this.offset, Math.max(PIECE, length))
      this.#start = this.offset
    }
    const from = this.offset - this.#start
    const bytes = this.#piece.subarray(from, from + length)
    if (bytes.length < length) throw new HeaderBroken('cut_short', 'is cut short within its header')
    this.offset += length
    return bytes
  }
}
