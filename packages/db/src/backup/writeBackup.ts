import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { Database } from '../connection/client.ts'
import type { SqlTx } from '../connection/migrate.ts'
import {
  type BackupOrigin,
  type BackupProgress,
  type BackupSummary,
  END_OF_ROWS,
  BACKUP_FORMAT,
  type BackupHeader,
  type BackupTable,
  setOwn,
} from '@bestmark/core'
import { readAtOneMoment } from '../distribution/distribute.ts'
import {
  BOARD_TABLES,
  copyOf,
  sequenceValues,
  type StoredTable,
  storedTables,
} from './boardTables.ts'
import { RowDigest } from './rowDigest.ts'

/** How many bytes of rows are written at once. */
const PIECE = 256 * 1024

/** Takes bytes of a backup, and resolves when it can take more. */
type Write = (bytes: Buffer) => Promise<void>

/**
 * Writes a board as the text of a backup, uncompressed: all rows of one moment, while others write.
 * After an error the database must be closed, because one of its connections may still send rows.
 */
export async function writeBackup(
  db: Database,
  origin: BackupOrigin,
  write: Write,
  onProgress: (progress: BackupProgress) => void = () => undefined,
): Promise<BackupSummary> {
  let failure: { error: unknown } | undefined
  const writing = db.sql.begin('isolation level repeatable read read only', async (tx) => {
    try {
      return await writeTables(tx, origin, write, onProgress)
    } catch (error) {
      failure = { error }
      throw error
    }
  })
  return writing.catch((error: unknown) => {
    // An error in the middle of a table also breaks the rollback, whose error says less.
    throw failure ? failure.error : error
  })
}

async function writeTables(
  tx: SqlTx,
  origin: BackupOrigin,
  write: Write,
  onProgress: (progress: BackupProgress) => void,
): Promise<BackupSummary> {
  // A large table or a slow disk takes long.
  await tx`set local statement_timeout = 0`
  await tx`set local idle_in_transaction_session_timeout = 0`
  await readAtOneMoment(tx)
  const lines = createHash('sha256')
  const put = async (line: object): Promise<void> => {
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`)
    lines.update(bytes)
    await write(bytes)
  }
  const header = await headerOf(tx, origin)
  await put(header)
  const rows: Record<string, number> = {}
  let bytes = 0
  const tables = await storedTables(tx, BOARD_TABLES)
  for (const table of tables) {
    const { name, columns } = table
    await put({ table: name, columns } satisfies BackupTable)
    const digest = new RowDigest()
    for await (const piece of rowsOf(tx, table)) {
      digest.add(piece)
      bytes += piece.length
      await write(piece)
      onProgress({ table: name, bytes })
    }
    await write(Buffer.from(END_OF_ROWS))
    const end = digest.end()
    await put(end)
    setOwn(rows, name, end.rows)
  }
  const sequences = await sequenceValues(tx, tables)
  const trailer = { end: true, sequences, sha256: lines.digest('hex') }
  await write(Buffer.from(`${JSON.stringify(trailer)}\n`))
  return { header, tables: rows }
}

async function headerOf(tx: SqlTx, origin: BackupOrigin): Promise<BackupHeader> {
  const [board] = await tx<{ board_id: string; made_at: number }[]>`
    select board_id, extract(epoch from clock_timestamp())::float8 * 1000 as made_at from board`
  if (!board) throw new Error('The database has no board row; it was not migrated.')
  const rows = await tx<{ name: string }[]>`select name from migrations order by name`
  return {
    bestmark_backup: BACKUP_FORMAT,
    ...origin,
    ...board,
    migrations: rows.map(({ name }) => name),
  }
}

/** The rows of a table. The driver gives one piece per row, so small rows are joined. */
async function* rowsOf(tx: SqlTx, table: StoredTable): AsyncGenerator<Buffer> {
  const stream: Readable = await tx.unsafe(`${copyOf(table)} to stdout`).readable()
  let pieces: Buffer[] = []
  let size = 0
  for await (const piece of stream as AsyncIterable<Buffer>) {
    pieces.push(piece)
    size += piece.length
    if (size < PIECE) continue
    yield Buffer.concat(pieces)
    pieces = []
    size = 0
  }
  if (size > 0) yield Buffer.concat(pieces)
}
