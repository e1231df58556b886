/** One number of an event file. */
interface Scalar {
  tag: string
  value: number
}

/** An event with the numbers that it carries; others (text, images, histograms) are passed by. */
export interface TfEvent {
  /** Seconds since the epoch. */
  wall_time: number
  step: number
  scalars: Scalar[]
}

/** Types of tensors (DataType in tensorflow/core/framework/types.proto). */
const [FLOAT, DOUBLE] = [1, 2]

/** Walks through the fields of a protocol buffer's message. */
class Message {
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

  /** Where a field of so many bytes begins. */
  #fixed(width: number): number {
    const from = this.#at
    this.#at += width
    if (this.#at > this.#to) throw new CutShort()
    return from
  }

  /** Where the bytes of this field begin and end. */
  span(): [from: number, to: number] {
    const length = this.varint()
    const from = this.#at
    this.#at += length
    return [from, Math.min(this.#at, this.#to)]
  }

  inner(): Message {
    return new Message(this.#bytes, ...this.span())
  }

  text(): string {
    return this.#bytes.toString('utf8', ...this.span())
  }

  /** Passes by a field that nobody asked for. */
  skip(): void {
    if (this.#wire === 0) this.varint()
    else if (this.#wire === 1) this.#at += 8
    else if (this.#wire === 5) this.#at += 4
    else if (this.#wire === 2) this.span()
    else this.#at = this.#to
  }
}

/**
 * Reads one record of an event file (tensorflow/core/util/event.proto), as far as it holds numbers;
 * undefined where its fields reach beyond its end.
 */
export function eventIn(bytes: Buffer, from: number, to: number): TfEvent | undefined {
  try {
    return readEvent(bytes, from, to)
  } catch (error) {
    if (error instanceof CutShort) return undefined
    throw error
  }
}

/** A field reaches beyond the end of its message. */
class CutShort extends Error {}

function readEvent(bytes: Buffer, from: number, to: number): TfEvent {
  const message = new Message(bytes, from, to)
  const event: TfEvent = { wall_time: 0, step: 0, scalars: [] }
  while (message.next()) {
    if (message.field === 1) event.wall_time = message.double()
    else if (message.field === 2) event.step = message.signed()
    else if (message.field === 5) readSummary(bytes, message.inner(), event.scalars)
    else message.skip()
  }
  return event
}

function readSummary(bytes: Buffer, summary: Message, scalars: Scalar[]): void {
  while (summary.next()) {
    if (summary.field !== 1) {
      summary.skip()
      continue
    }
    const value = summary.inner()
    let [tag, number] = ['', undefined as number | undefined]
    while (value.next()) {
      if (value.field === 1) tag = value.text()
      else if (value.field === 2) number = value.float()
      else if (value.field === 8) number = tensorScalar(bytes, value.inner())
      else value.skip()
    }
    if (number !== undefined) scalars.push({ tag, value: number })
  }
}

/** The number of a tensor that holds one; undefined for any other. */
function tensorScalar(bytes: Buffer, tensor: Message): number | undefined {
  let [type, found] = [0, undefined as number | undefined]
  while (tensor.next()) {
    if (tensor.field === 1) type = tensor.varint()
    else if (tensor.field === 4 || tensor.field === 5 || tensor.field === 6) {
      const [from, to] = tensor.span()
      if (type === FLOAT && to - from === 4) found = bytes.readFloatLE(from)
      else if (type === DOUBLE && to - from === 8) found = bytes.readDoubleLE(from)
    } else tensor.skip()
  }
  return found
}
