import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { TrainingEvent } from '@bestmark/core'
import { ERRORS, OUTPUT } from '../output/textLog.ts'
import type { ReadOptions, Piece, SourceReader } from '../reader/source.ts'
import { readNewLines } from './newLines.ts'
import { readPrintedLine } from './printedLines.ts'
import { readSetup, readSetupSignature } from './setup.ts'
import { USAGE, readUsageLine } from './usageFile.ts'

/** The files beside a log that grow, and what their lines are. */
const GROWING: readonly [file: string, read: (line: string) => TrainingEvent[]][] = [
  [OUTPUT, readPrintedLine],
  [ERRORS, readPrintedLine],
  [USAGE, readUsageLine],
]

/** How far what stands beside the log was read, and how far the log was. */
interface SetupCursor {
  /** Stands for the setup that was told; empty where none was. */
  digest: string
  /** How far each of the growing files was read (bytes). */
  offsets: number[]
  /** The cursor of the log's reader. */
  log: string
}

/**
 * Reads a run's log, and then what stands beside it: how the run was set up, what it printed, and
 * what it uses of its machine. All that is told again where the log's history is replaced.
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
    // Nothing is told of a run before its log tells anything.
    const events = isNew || piece.cursor === '' ? piece.events : await this.#beside()
    return { events, cursor: formatCursor(this.#at), replace: piece.replace }
  }

  async #beside(): Promise<TrainingEvent[]> {
    const events: TrainingEvent[] = await this.#setup()
    for (const [index, [file, read]] of GROWING.entries()) {
      const { lines, offset } = readNewLines(join(this.#root, file), this.#at.offsets[index] ?? 0)
      this.#at.offsets[index] = offset
      events.push(...lines.flatMap(read))
    }
    return events
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

/** What a cursor says; one without what stands beside the log is the log's own. */
function parseCursor(cursor: string | null): SetupCursor {
  const [, digest = '', offsets, log] = /^beside (\S*) ([\d,]+) (.*)$/s.exec(cursor ?? '') ?? []
  return log === undefined
    ? { digest: '', offsets: GROWING.map(() => 0), log: cursor ?? '' }
    : { digest, offsets: (offsets ?? '').split(',').map(Number), log }
}
