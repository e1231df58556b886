import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { TrainingEvent } from '@bestmark/core'
import { statIfSeen } from '../../files/runFile.ts'
import { LINKED_LOGS } from '../logs/logFile.ts'
import { ERRORS, OUTPUT } from '../output/runOutput.ts'
import type { ReadOptions, Piece, SourceReader } from '../reader/source.ts'
import { readNewLines } from './newLines.ts'
import { readPrintedLine } from './printedLines.ts'
import { readSetup, readSetupSignature } from './setup.ts'
import { USAGE, readUsageLine } from './usageFile.ts'

/** Growing files beside a log, with the reader of their lines. */
const GROWING: readonly [file: string, read: (line: string) => TrainingEvent[]][] = [
  [OUTPUT, readPrintedLine],
  [ERRORS, readPrintedLine],
  [USAGE, readUsageLine],
]

/** How far the log and the files beside it were read. */
interface SetupCursor {
  /** Digest of the setup that was sent; empty before the first. */
  digest: string
  /** The offset in each growing file. */
  offsets: number[]
  /** The cursor of the log's reader. */
  log: string
}

/**
 * Reads a run's log, then its setup, output and usage. If the log's history is replaced, all of them
 * are sent again.
 */
export class SetupReader implements SourceReader {
  readonly #root: string
  readonly #log: SourceReader
  #at: SetupCursor
  #signature = ''

  constructor(open: (options: ReadOptions) => SourceReader, options: ReadOptions) {
    this.#root = options.root
    this.#at = parseCursor(options.cursor)
    this.#log = open({ ...options, cursor: options.cursor === null ? null : this.#at.log })
  }

  async next(): Promise<Piece> {
    const piece = await this.#log.next()
    if (piece.replace) {
      this.#at = parseCursor(null)
      this.#signature = ''
    }
    const isNew = piece.cursor !== this.#at.log
    this.#at.log = piece.cursor
    // Nothing else is sent before the first event of the log.
    const events = isNew || piece.cursor === '' ? piece.events : await this.#beside()
    return { events, cursor: formatCursor(this.#at), replace: piece.replace }
  }

  async #beside(): Promise<TrainingEvent[]> {
    const events: TrainingEvent[] = await this.#setup()
    for (const [index, [file, read]] of GROWING.entries()) {
      const { lines, offset } = readNewLines(this.#pathOf(file), this.#at.offsets[index] ?? 0)
      this.#at.offsets[index] = offset
      events.push(...lines.flatMap(read))
    }
    return events
  }

  /** The path of a file of `bestmark run`: in the root, else in the folder of linked logs. */
  #pathOf(file: string): string {
    const path = join(this.#root, file)
    return statIfSeen(path) ? path : join(this.#root, LINKED_LOGS, file)
  }

  async #setup(): Promise<TrainingEvent[]> {
    const signature = await readSetupSignature(this.#root)
    if (signature === this.#signature) return []
    this.#signature = signature
    const setup = await readSetup(this.#root)
    const digest = createHash('sha256')
      .update(JSON.stringify(setup ?? ''))
      .digest('base64url')
    if (!setup || digest === this.#at.digest) return []
    this.#at.digest = digest
    return [setup]
  }
}

function formatCursor({ digest, offsets, log }: SetupCursor): string {
  const isNothing = digest === '' && offsets.every((offset) => offset === 0)
  return isNothing ? log : `beside ${digest} ${offsets.join()} ${log}`
}

/** Parses a cursor. Without the first part it is the cursor of the log's reader. */
function parseCursor(cursor: string | null): SetupCursor {
  const [, digest = '', offsets, log] = /^beside (\S*) ([\d,]+) (.*)$/s.exec(cursor ?? '') ?? []
  return log === undefined
    ? { digest: '', offsets: GROWING.map(() => 0), log: cursor ?? '' }
    : { digest, offsets: (offsets ?? '').split(',').map(Number), log }
}
