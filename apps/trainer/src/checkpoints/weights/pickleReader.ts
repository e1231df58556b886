import { bytesAt, type ByteSource } from './bytes.ts'

/** How reading ended: at STOP, at the end of the file, or at bytes that are not a pickle. */
export type PickleEnd = 'stop' | 'cut' | 'unknown'

/** The values that are kept; all others are undefined. */
type Value = string | number | Value[] | undefined

const PIECE = 1 << 20
/** The longest opcode with its argument, and the longest line. */
const LONGEST = 1 << 12
/** How much of a pickle is read, not counting long byte strings, which are skipped. */
const MOST = 256 << 20
/** Longer texts are skipped. */
const LONGEST_TEXT = 256

// Opcodes with their arguments (CPython's Lib/pickletools.py): bytes of an argument of one length, …
const FIXED = new Map(
  Object.entries({
    G: 8,
    N: 0,
    '\x88': 0,
    '\x89': 0,
    ']': 0,
    '}': 0,
    ')': 0,
    '\x8f': 0,
    '\x97': 0,
  }),
)
for (const [code, width] of [
  ['\x82', 1],
  ['\x83', 2],
  ['\x84', 4],
] as const)
  FIXED.set(code, width)
/** … bytes of the length before an argument, … */
const COUNTED = new Map(Object.entries({ T: 4, U: 1, X: 4, B: 4, C: 1, '\x8c': 1, '\x8d': 8 }))
for (const [code, width] of [
  ['\x8e', 8],
  ['\x96', 8],
  ['\x8a', 1],
  ['\x8b', 4],
] as const)
  COUNTED.set(code, width)
/** … lines, … */
const LINES = new Map(
  Object.entries({ F: 1, I: 1, L: 1, S: 1, V: 1, P: 1, c: 2, i: 2, g: 1, p: 1 }),
)
/** … and numbers. */
const NUMBERS = new Map(Object.entries({ K: 1, M: 2, J: 4 }))
/** Opcodes with the number of a value in memory, and the bytes of that number. */
const MEMORY = new Map(Object.entries({ h: 1, j: 4, q: 1, r: 4 }))
/** How many values an opcode takes from the stack, and whether it puts one there. */
const TAKING = new Map<string, [takes: number, gives: boolean]>(
  Object.entries({ '0': [1, false], a: [1, false], s: [2, false], R: [2, true], b: [1, false] }),
)
for (const [code, takes] of [
  ['\x81', 2],
  ['\x92', 3],
  ['\x93', 2],
] as const)
  TAKING.set(code, [takes, true])
/** Opcodes that take all values above the mark. */
const TO_MARK = new Map(
  Object.entries({ '1': false, e: false, u: false, l: true, t: true, d: true }),
)
for (const [code, gives] of [
  ['\x90', false],
  ['\x91', true],
  ['o', true],
] as const)
  TO_MARK.set(code, gives)
const TUPLES = new Map([
  ['\x85', 1],
  ['\x86', 2],
  ['\x87', 3],
])

/**
 * Reads pickles opcode by opcode without running them, because they may contain any program. It keeps
 * only the texts and numbers that describe torch's storages.
 */
export class PickleReader {
  offset = 0
  /** The value of the last pickle. */
  top: Value
  /** The persistent id of each object that is stored outside the pickle. */
  readonly persistent: Value[] = []
  readonly #file: ByteSource
  readonly #size: number
  #piece: Buffer = Buffer.alloc(0)
  #start = 0
  #walked = 0
  #stack: Value[] = []
  #marks: number[] = []
  #memoized = 0
  /** The array of joblib whose description was read last. */
  #array: JoblibArray | undefined
  /** The memoized values, by number. */
  readonly #memory = new Map<number, Value>()

  constructor(file: ByteSource, size: number) {
    this.#file = file
    this.#size = size
  }

  /** Reads one pickle from the offset and moves the offset to its end. */
  async walk(): Promise<PickleEnd> {
    this.#stack = []
    this.#marks = []
    this.#memory.clear()
    this.#memoized = 0
    for (;;) {
      await this.#fill()
      const end = this.#step()
      if (end) return end
      if (this.offset > this.#size) return 'cut'
      if (this.#walked > MOST) return 'unknown'
    }
  }

  /** Loads the next opcode with its argument, unless the file ends before. */
  async #fill(): Promise<void> {
    const held = this.#start + this.#piece.length - this.offset
    if (this.offset >= this.#start && (held >= LONGEST || this.offset + held >= this.#size)) {
      if (held >= 0) return
    }
    this.#piece = await bytesAt(this.#file, this.offset, PIECE)
    this.#start = this.offset
  }

  #step(): PickleEnd | undefined {
    const before = this.offset
    const taken = this.#take(1)
    if (!taken) return 'cut'
    const code = taken.toString('latin1')
    if (code === '.') {
      this.top = this.#stack.at(-1)
      return 'stop'
    }
    const end = this.#argument(code) ?? this.#values(code)
    this.#walked += Math.min(this.offset - before, LONGEST)
    return end === 'done' ? undefined : end
  }

  /** Opcodes with an argument. */
  #argument(code: string): PickleEnd | 'done' | undefined {
    const fixed = FIXED.get(code)
    if (fixed !== undefined) return this.#take(fixed) ? this.#push(undefined) : 'cut'
    const number = NUMBERS.get(code)
    if (number !== undefined) {
      const bytes = this.#take(number)
      return bytes ? this.#push(code === 'J' ? bytes.readInt32LE() : whole(bytes)) : 'cut'
    }
    const counted = COUNTED.get(code)
    if (counted !== undefined) return this.#counted(code, counted)
    const memory = MEMORY.get(code)
    if (memory !== undefined) {
      const bytes = this.#take(memory)
      return bytes ? this.#remember(code === 'q' || code === 'r', whole(bytes)) : 'cut'
    }
    if (code === '\x80') return this.#take(1) ? 'done' : 'cut'
    if (code === '\x95') return this.#take(8) ? 'done' : 'cut'
    const lines = LINES.get(code)
    return lines === undefined ? undefined : this.#lined(code, lines)
  }

  #counted(code: string, width: number): PickleEnd | 'done' {
    const bytes = this.#take(width)
    if (!bytes) return 'cut'
    const length = whole(bytes)
    if (this.offset + length > this.#size) return 'cut'
    const isText = code === 'X' || code === '\x8c' || code === '\x8a'
    if (!isText || length > LONGEST_TEXT) {
      this.offset += length
      return this.#push(undefined)
    }
    const content = this.#take(length)
    if (!content) return 'cut'
    if (code !== '\x8a') return this.#push(content.toString('utf8'))
    return this.#push(length <= 6 ? whole(content) : content.toString('hex'))
  }

  #lined(code: string, count: number): PickleEnd | 'done' {
    let last = ''
    for (let line = 0; line < count; line++) {
      const from = this.offset - this.#start
      const to = this.#piece.indexOf(10, from)
      if (to === -1) return this.#piece.length - from < LONGEST ? 'cut' : 'unknown'
      last = this.#piece.toString('latin1', from, to)
      this.offset = this.#start + to + 1
    }
    if (code === 'g' || code === 'p') return this.#remember(code === 'p', Number(last))
    if (code === 'i') this.#toMark()
    return this.#push(code === 'c' || code === 'V' ? last : undefined)
  }

  /** Opcodes that only move values. */
  #values(code: string): PickleEnd | 'done' {
    const taking = TAKING.get(code)
    if (taking) {
      const [takes, gives] = taking
      // The name of a global is the last value on the stack.
      const name = this.#stack.at(-1)
      const type = code === 'R' ? this.#typeOf(name) : undefined
      this.#stack.length = Math.max(0, this.#stack.length - takes)
      if (gives) return this.#push(code === '\x93' ? name : type)
      return code === 'b' ? this.#skipArray() : 'done'
    }
    const gives = TO_MARK.get(code)
    if (gives !== undefined) {
      const values = this.#toMark()
      if (code === 'u') this.#array = joblibArray(values)
      return gives ? this.#push(code === 't' ? values : undefined) : 'done'
    }
    const size = TUPLES.get(code)
    if (size !== undefined) return this.#push(this.#stack.splice(-size))
    if (code === '(') this.#marks.push(this.#stack.length)
    else if (code === '2') this.#stack.push(this.#stack.at(-1))
    else if (code === '\x94') this.#remember(true, this.#memoized)
    else if (code === 'Q') {
      this.persistent.push(this.#stack.pop())
      this.#stack.push(undefined)
    } else return code === '\x98' ? 'done' : 'unknown'
    return 'done'
  }

  /** The type of elements in a call that makes a dtype of numpy. */
  #typeOf(given: Value): Value {
    return this.#stack.at(-2) === 'dtype' && Array.isArray(given) ? given[0] : undefined
  }

  /** joblib writes the elements of an array into the pickle, after the object that describes them. */
  #skipArray(): PickleEnd | 'done' {
    const array = this.#array
    this.#array = undefined
    if (array === undefined) return 'done'
    if (Number.isNaN(array.bytes)) return 'unknown'
    const padding = array.isPadded ? this.#take(1) : undefined
    if (array.isPadded && !padding) return 'cut'
    this.offset += (padding?.[0] ?? 0) + array.bytes
    return this.offset > this.#size ? 'cut' : 'done'
  }

  #toMark(): Value[] {
    return this.#stack.splice(this.#marks.pop() ?? 0)
  }

  #push(value: Value): 'done' {
    this.#stack.push(value)
    return 'done'
  }

  #remember(isNew: boolean, index: number): 'done' {
    const value = this.#stack.at(-1)
    if (!isNew) return this.#push(this.#memory.get(index))
    this.#memoized++
    if (value !== undefined) this.#memory.set(index, value)
    return 'done'
  }

  #take(length: number): Buffer | undefined {
    const from = this.offset - this.#start
    if (from + length > this.#piece.length) return undefined
    this.offset += length
    return this.#piece.subarray(from, from + length)
  }
}

/** An array that joblib describes. `bytes` is NaN if its elements are objects, which are pickled. */
interface JoblibArray {
  bytes: number
  isPadded: boolean
}

/** The array in the pairs of joblib's `NumpyArrayWrapper`; undefined for other pairs. */
function joblibArray(pairs: readonly Value[]): JoblibArray | undefined {
  const at = (name: string): number =>
    pairs.findIndex((one, index) => index % 2 === 0 && one === name)
  if (at('allow_mmap') === -1 || at('subclass') === -1) return undefined
  const [shape, type] = [pairs[at('shape') + 1], pairs[at('dtype') + 1]]
  const [, kind = '', digits = ''] = /^([a-zA-Z])(\d+)$/.exec(String(type)) ?? []
  const width = kind === 'O' || digits === '' ? NaN : Number(digits) * (kind === 'U' ? 4 : 1)
  const count = Array.isArray(shape)
    ? shape.reduce<number>((all, one) => all * Number(one), 1)
    : NaN
  return { bytes: width * count, isPadded: at('numpy_array_alignment_bytes') !== -1 }
}

/** A little-endian number without a sign. */
function whole(bytes: Buffer): number {
  let value = 0
  for (let at = bytes.length - 1; at >= 0; at--) value = value * 256 + (bytes[at] ?? 0)
  return value
}
