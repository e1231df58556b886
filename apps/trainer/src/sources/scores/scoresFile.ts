import {
  accessSync,
  appendFileSync,
  closeSync,
  constants,
  existsSync,
  fstatSync,
  readSync,
  statSync,
} from 'node:fs'
import { join } from 'node:path'
import {
  Attempt,
  Count,
  Direction,
  measuredJson,
  MeasuredInJson,
  Origin,
  parsePythonJson,
  namedValues,
  Time,
} from '@bestmark/core'
import { z } from 'zod'
import { Failure, errorText } from '../../failure.ts'
import { openFile, openToAppend } from '../../files/runFile.ts'
import { nextLines } from '../../files/lines.ts'
import { fileErrorText } from '../../plainErrors.ts'
import { Retraction, withoutRetracted } from './retraction.ts'

/** The file in a run's root with scores measured after training, one per line. */
export const SCORES = 'bestmark-scores.jsonl'

/** Metrics of one checkpoint, measured after training. */
export const Score = z.object({
  score: z.literal(1),
  /** Milliseconds since the epoch. */
  at: Time,
  /** The path, attempt and step of the checkpoint. */
  path: z.string(),
  attempt: Attempt,
  step: Count,
  /** Digest of the checkpoint's state file, to identify it later; null if it has none. */
  state: z.string().nullable().default(null),
  values: namedValues(MeasuredInJson),
  samples: Count.nullable().default(null),
  directions: namedValues(Direction).default({}),
  by: z.string(),
  /** The file and lines of the values. */
  origin: Origin.nullable().default(null),
  lines: namedValues(Count.positive()).default({}),
  /** The command that measured it. */
  command: z.array(z.string()).nullable().default(null),
})
export type Score = z.infer<typeof Score>

/** A score and its line (from 1) in the scores file. */
export interface ScoreAt extends Score {
  line: number
}

/** A piece of a scores file. The next call continues at `offset`. */
export interface ScoresPiece {
  scores: ScoreAt[]
  /** Lines that cannot be read. */
  unreadable: number[]
  /** Whether it retracts earlier scores, which may be before this piece. */
  retracts: boolean
  /** Why the file cannot be read; null if it can. */
  problem: string | null
  offset: number
}

/**
 * Appends scores and retractions in one write, so several programs may write at the same time. Throws
 * a Failure if the run's folder cannot be written.
 */
export function appendScores(
  root: string,
  lines: readonly z.input<typeof Score | typeof Retraction>[],
): void {
  const path = join(root, SCORES)
  try {
    const file = openToAppend(path)
    try {
      const glue = isTorn(file) ? '\n' : ''
      appendFileSync(file, glue + lines.map((line) => `${measuredJson(line)}\n`).join(''))
    } finally {
      closeSync(file)
    }
  } catch (cause) {
    throw unwritable(path, cause)
  }
}

/** Throws a Failure if scores cannot be stored. Call it before measuring. */
export function assertWritable(root: string): void {
  const path = join(root, SCORES)
  try {
    accessSync(existsSync(path) ? path : root, constants.W_OK)
  } catch (cause) {
    throw unwritable(path, cause)
  }
}

function unwritable(path: string, cause: unknown): Failure {
  return new Failure(
    `Cannot write ${path}: ${errorText(cause)}. Scores are stored in the run's folder, so make it writable.`,
    { cause },
  )
}

/** Whether a crash left a last line without its newline. */
function isTorn(file: number): boolean {
  const { size } = fstatSync(file)
  const last = Buffer.alloc(1)
  return size > 0 && readSync(file, last, 0, 1, size - 1) === 1 && last.toString() !== '\n'
}

/** Size of a run's scores file (bytes); 0 if it is missing, NaN if it cannot be read. */
export function scoresSize(root: string): number {
  try {
    const found = statSync(join(root, SCORES), { throwIfNoEntry: false })
    return !found ? 0 : found.isFile() ? found.size : NaN
  } catch (error) {
    if (fileErrorText(error) === undefined) throw error
    return NaN
  }
}

/** Reads the scores after an offset. A last line without a newline is not read yet. */
export function readScores(root: string, offset = 0): ScoresPiece {
  const read: ScoresPiece = {
    ...{ scores: [], unreadable: [], retracts: false, problem: null },
    offset,
  }
  if (scoresSize(root) <= offset) return read
  const file = openIfReadable(join(root, SCORES))
  if (typeof file !== 'number') return { ...read, ...file }
  try {
    let [line, at] = [0, 0]
    for (let piece = nextLines(file, at); piece; piece = nextLines(file, at)) {
      for (const { text, start, isLong } of piece.lines) {
        line++
        if (start < offset) continue
        if (isLong) read.unreadable.push(line)
        else if (text.trim() !== '') addLine(read, text, line)
      }
      at = piece.end
    }
    return { ...read, offset: Math.max(at, offset) }
  } finally {
    closeSync(file)
  }
}

function openIfReadable(path: string): number | Pick<ScoresPiece, 'problem'> {
  try {
    return openFile(path)
  } catch (error) {
    const words = fileErrorText(error)
    if (words === undefined) throw error
    return { problem: `Skipped ${SCORES}: ${words}.` }
  }
}

function addLine(read: ScoresPiece, text: string, line: number): void {
  const value = parseOrNothing(text)
  const score = Score.safeParse(value)
  const retraction = Retraction.safeParse(value)
  if (score.success) read.scores.push({ ...score.data, line })
  else if (!retraction.success) read.unreadable.push(line)
  else {
    read.scores = withoutRetracted(read.scores, retraction.data)
    read.retracts = true
  }
}

function parseOrNothing(text: string): unknown {
  try {
    return parsePythonJson(text)
  } catch {
    // The caller reports a line that is not JSON as unreadable.
    return undefined
  }
}
