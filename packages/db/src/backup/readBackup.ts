import { createHash } from 'node:crypto'
import { createGunzip } from 'node:zlib'
import { pipeline, type Readable } from 'node:stream'
import {
  BackupUnusable,
  BackupBeginning,
  END_OF_ROWS,
  BACKUP_FORMAT,
  BackupHeader,
  type SequenceValue,
  BackupTableEnd,
  BackupTable,
  BackupTrailer,
} from '@bestmark/core'
import { BackupText } from './backupText.ts'
import { RowDigest } from './rowDigest.ts'

/** What is done with the parts of a backup, in their order. */
export interface BackupReader {
  header?: (header: BackupHeader) => Promise<void> | void
  /** Must read all rows. They are checked only at their end. */
  table: (table: BackupTable, rows: AsyncIterable<Buffer>) => Promise<void>
  end?: (sequences: readonly SequenceValue[]) => Promise<void> | void
}

/**
 * Reads a backup and checks every part of it. Throws BackupUnusable if it is cut, damaged, or not a
 * backup that this version can read. `file` names it in messages.
 */
export async function readBackup(
  source: Readable,
  file: string,
  reader: BackupReader,
): Promise<void> {
  // Errors of both arrive at whoever reads the unpacked text.
  const text = new BackupText(pipeline(source, createGunzip(), () => undefined))
  const lines = createHash('sha256')
  const next = async (): Promise<string> => {
    const line = await text.line()
    if (line === undefined) throw cut(file)
    return line
  }
  try {
    const first = await next()
    lines.update(`${first}\n`)
    await reader.header?.(headerIn(first, file))
    for (;;) {
      const line = await next()
      const start = parsed(BackupTable, line)
      if (!start) return await readTrailer(line, await text.line(), lines.digest('hex'), reader)
      const digest = new RowDigest()
      await reader.table(start, digested(text.until(END_OF_ROWS), digest))
      const end = await next()
      lines.update(`${line}\n`).update(`${end}\n`)
      const { rows, sha256 } = parsed(BackupTableEnd, end) ?? { rows: -1, sha256: '' }
      const read = digest.end()
      if (rows !== read.rows || sha256 !== read.sha256) throw new Damage(`in table ${start.table}`)
    }
  } catch (error) {
    throw explained(error, file)
  } finally {
    source.destroy()
  }
}

async function* digested(rows: AsyncIterable<Buffer>, digest: RowDigest): AsyncGenerator<Buffer> {
  for await (const piece of rows) {
    digest.add(piece)
    yield piece
  }
}

async function readTrailer(
  line: string,
  after: string | undefined,
  sha256: string,
  reader: BackupReader,
): Promise<void> {
  const trailer = parsed(BackupTrailer, line)
  if (!trailer || trailer.sha256 !== sha256 || after !== undefined) throw new Damage('at its end')
  await reader.end?.(trailer.sequences)
}

/** The content of a backup is not what was written. */
class Damage extends Error {}

function headerIn(line: string, file: string): BackupHeader {
  const beginning = parsed(BackupBeginning, line)
  if (!beginning) throw noBackup(file)
  const { bestmark_backup, bestmark } = beginning
  if (bestmark_backup > BACKUP_FORMAT) {
    throw new BackupUnusable(
      `${file} was made by a newer Bestmark (${bestmark}). Update Bestmark, then restore it.`,
    )
  }
  const header = parsed(BackupHeader, line)
  if (!header) throw new Damage('in its first line')
  return header
}

/** A schema of zod. */
interface Schema<Data> {
  safeParse: (value: unknown) => { data?: Data | undefined }
}

function parsed<Data>(schema: Schema<Data>, line: string): Data | undefined {
  try {
    return schema.safeParse(JSON.parse(line)).data
  } catch {
    // The caller says what is damaged.
    return undefined
  }
}

/** Error codes of zlib: the end is missing, the content is damaged, or it was never compressed. */
const CUT = 'Z_BUF_ERROR'
const DAMAGED = 'Z_DATA_ERROR'

function explained(error: unknown, file: string): unknown {
  if (error instanceof Damage) return damaged(file, error.message, error)
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === CUT) return cut(file, error)
  return code === DAMAGED ? damaged(file, 'its compressed data is not valid', error) : error
}

function cut(file: string, cause?: unknown): BackupUnusable {
  return new BackupUnusable(
    `${file} is cut short, so nothing was restored. Copy the whole file again, or use another backup.`,
    { cause },
  )
}

function damaged(file: string, where: string, cause: unknown): BackupUnusable {
  return new BackupUnusable(
    `${file} is damaged (${where}) or not a backup, so nothing was restored. Use another backup.`,
    { cause },
  )
}

function noBackup(file: string): BackupUnusable {
  return new BackupUnusable(`${file} is not a backup of Bestmark.`)
}
