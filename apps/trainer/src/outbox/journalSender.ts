import { closeSync, fstatSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { readBytes } from '../files/lines.ts'
import { openFile } from '../files/runFile.ts'
import { LONGEST_LINE } from '@bestmark/core'
import type { KeptSamples } from './keptSamples.ts'
import { BoardRefused } from './boardRefused.ts'
import type { BoardOffset, BoardTarget } from './boardTarget.ts'

/** How many bytes are sent at once, before they are packed. */
const PIECE = 1 << 20
const NEWLINE = 10

/** A journal in a file that only grows, or begins again. */
export interface SentFile {
  job_id: string
  path: string
  /** The run's folder. */
  root: string
  /** How many bytes of the file may be sent; undefined for all whole lines. */
  bytes?: number
  /** Copies of files of its samples. */
  kept?: KeptSamples
  /** The size of the run's scores, if they are not in the journal. */
  scores?: () => number
  /** Paths of the run's checkpoints: samples beside them are files of the run, too. */
  checkpoints?: () => readonly string[]
}

/**
 * Sends a journal to a board. The board says how far it has it, so a piece is never taken twice, also
 * after a kill, and with several senders of one journal.
 */
export class JournalSender {
  readonly #target: BoardTarget
  /** How far the board has the journal; undefined before it said so. */
  #at: BoardOffset | undefined

  constructor(target: BoardTarget) {
    this.#target = target
  }

  /** How many bytes the board has; undefined before it said so. */
  get offset(): number | undefined {
    return this.#at?.offset
  }

  /** Whether the board lacks files of samples, as it said last. */
  get wantsFiles(): boolean {
    return this.#at?.wants_files ?? false
  }

  /** Whether the board takes scores apart from the journal. */
  get takesScores(): boolean {
    return this.#at?.wants_files !== undefined
  }

  /** Notes that the board has all files. */
  hasFiles(): void {
    if (this.#at) this.#at = { ...this.#at, wants_files: false }
  }

  /** Sends all whole lines. Throws BoardRefused, and the file's errors. */
  async send(file: SentFile, signal: AbortSignal): Promise<void> {
    this.#at ??= await this.#find(file, signal)
    for (;;) {
      // A shorter file began again.
      if (sizeOf(file) < this.#at.offset) this.#at = await this.#find(file, signal)
      const bytes = nextPiece(file, this.#at.offset)
      if (bytes.length === 0) return
      this.#at = await this.#sendPiece(file, { ...this.#at, bytes }, signal)
    }
  }

  async #sendPiece(
    file: SentFile,
    { bytes, offset, crc32: sum }: BoardOffset & { bytes: Uint8Array },
    signal: AbortSignal,
  ): Promise<BoardOffset> {
    try {
      const { job_id, root } = file
      return await this.#target.send(job_id, { offset, crc32: sum, bytes, root }, signal)
    } catch (error) {
      this.#at = undefined
      const isElsewhere =
        error instanceof BoardRefused && ['gap', 'journal_differs'].includes(error.code)
      if (isElsewhere) return this.#find(file, signal)
      throw error
    }
  }

  /** Where the board is. If it has other bytes, the first piece of this journal replaces them. */
  async #find(file: SentFile, signal: AbortSignal): Promise<BoardOffset> {
    const { job_id, root } = file
    const at = await this.#target.offsetOf(job_id, signal)
    if (at.crc32 === sumBefore(file, at.offset)) return at
    const bytes = nextPiece(file, 0)
    const replaced = await this.#target.send(
      job_id,
      { bytes, offset: 0, replaces: at.crc32, root },
      signal,
    )
    if (replaced.crc32 === sumBefore(file, replaced.offset)) return replaced
    throw new BoardRefused('journal_differs', 'The board has another journal of this job.')
  }
}

function sizeOf(file: SentFile): number {
  return opened(file, (_open, size) => size)
}

/** The next whole lines. A line that no board reads is sent in parts, without its end. */
function nextPiece(file: SentFile, offset: number): Uint8Array {
  return opened(file, (open, size) => {
    let piece = readBytes(open, offset, Math.min(PIECE, size - offset))
    if (piece.length === PIECE && !piece.includes(NEWLINE)) {
      piece = readBytes(open, offset, Math.min(LONGEST_LINE, size - offset))
    }
    const end = piece.lastIndexOf(NEWLINE) + 1
    return end === 0 && piece.length === LONGEST_LINE ? piece : piece.subarray(0, end)
  })
}

/** The CRC-32 of the first bytes of a journal; undefined if it has fewer. */
function sumBefore(file: SentFile, offset: number): number | undefined {
  return opened(file, (open, size) => {
    if (size < offset) return undefined
    let sum = 0
    for (let at = 0; at < offset; at += PIECE) {
      sum = crc32(readBytes(open, at, Math.min(PIECE, offset - at)), sum)
    }
    return sum
  })
}

function opened<Answer>(file: SentFile, use: (open: number, size: number) => Answer): Answer {
  const open = openFile(file.path)
  try {
    return use(open, file.bytes ?? fstatSync(open).size)
  } finally {
    closeSync(open)
  }
}
