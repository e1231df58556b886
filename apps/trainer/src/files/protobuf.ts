/** A field ends after the end of its message. */
export class CutShort extends Error {}

/** Reads the fields of a protocol buffer message one by one. */
export class Message {
  readonly #bytes: Buffer
  #at: number
  readonly #to: number
  field = 0
  #wire = 0

  constructor(bytes: Buffer, from: number, to: number) {
    this.#bytes = bytes
    this.#at = from
    this.#to = to
  }

  next(): boolean {
    if (this.#at >= this.#to) return false
    const key = this.varint()
    this.field = Math.floor(key / 8)
    this.#wire = key % 8
    return true
  }

  /** A number of up to 53 bits; larger and negative ones are not exact. */
  varint(): number {
    let [value, factor] = [0, 1]
    while (this.#at < this.#to) {
      const byte = this.#bytes[this.#at++] ?? 0
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
      factor *= 128
    }
    return value
  }

  /** A whole number that may be negative; exact up to 53 bits. */
  signed(): number {
    const from = this.#at
    const plain = this.varint()
    if (Number.isSafeInteger(plain)) return plain
    this.#at = from
    let [value, shift] = [0n, 0n]
    while (this.#at < this.#to) {
      const byte = this.#bytes[this.#at++] ?? 0
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) break
      shift += 7n
    }
    return Number(BigInt.asIntN(64, value))
  }

  float(): number {
    return this.#bytes.readFloatLE(this.#fixed(4))
  }

  double(): number {
    return this.#bytes.readDoubleLE(this.#fixed(8))
  }

  /** The offset of a field of `width` bytes. */
  #fixed(width: number): number {
    const from = this.#at
    this.#at += width
    if (this.#at > this.#to) throw new CutShort()
    return from
  }

  /** The range of bytes of this field. */
  span(): [from: number, to: number] {
    const length = this.varint()
    const from = this.#at
    this.#at += length
    return [from, Math.min(this.#at, this.#to)]
  }

  inner(): Message {
    const [from, to] = this.span()
    return new Message(this.#bytes, from, to)
  }

  text(): string {
    const [from, to] = this.span()
    return this.#bytes.toString('utf8', from, to)
  }

  /** Skips a field. */
  skip(): void {
    if (this.#wire === 0) this.varint()
    else if (this.#wire === 1) this.#at += 8
    else if (this.#wire === 5) this.#at += 4
    else if (this.#wire === 2) this.span()
    else this.#at = this.#to
  }
}
