import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Database } from '../connection/client.ts'
import {
  applyMigrations,
  lockMigrations,
  migrationNames,
  type SqlTx,
} from '../connection/migrate.ts'
import {
  BackupUnusable,
  type BackupProgress,
  type BackupHeader,
  type SequenceValue,
  type BackupTable,
} from '@bestmark/core'
import { isDistributed } from '../distribution/distribute.ts'
import { Refused } from '../values/refused.ts'
import { BOARD_TABLES, copyOf, quoted, type StoredTable, storedTables } from './boardTables.ts'
import { BoardInUse, assertAlone, BoardNotEmpty, hasContent } from './boardUse.ts'
import { type BackupReader, readBackup } from './readBackup.ts'

/** How long to wait for a table that another program uses, such as psql (ms). */
const LOCKED = 30_000

/** A backup, opened again for each reading. */
export interface BackupFile {
  /** Names it in messages. */
  name: string
  open: () => Readable
}

export interface RestoreOptions {
  /** Removes what the board holds. Without it a board with content is refused. */
  replace?: boolean | undefined
  onProgress?: ((progress: BackupProgress) => void) | undefined
}

/** Reads a whole backup and writes nothing. Throws BackupUnusable. */
export async function checkBackup(
  { name, open }: BackupFile,
  onProgress: (progress: BackupProgress) => void = () => undefined,
): Promise<BackupHeader> {
  let header: BackupHeader | undefined
  let bytes = 0
  await readBackup(open(), name, {
    header: async (read) => {
      header = read
      await assertKnown(read, name)
    },
    table: async ({ table }, rows) => {
      for await (const piece of rows) {
        bytes += piece.length
        onProgress({ table, bytes })
      }
    },
  })
  if (!header) throw new Error('A backup without a header was read.')
  return header
}

/**
 * Puts a backup on a board, in one transaction: after any error the board is as before. The database
 * must be opened as RESTORING. Throws BackupUnusable, BoardInUse and BoardNotEmpty, and Refused for
 * a distributed board.
 */
export async function restoreBackup(
  db: Database,
  file: BackupFile,
  { replace = false, onProgress = () => undefined }: RestoreOptions = {},
): Promise<void> {
  if (db.isPooled) {
    throw new BoardInUse(
      'DATABASE_URL leads to a pool, which hides whether others use this board, so nothing was ' +
        'restored. Set it to the address of the server itself, and close the pool meanwhile.',
    )
  }
  await db.sql.begin(async (tx) => {
    await tx`set local statement_timeout = 0`
    await tx`set local idle_in_transaction_session_timeout = 0`
    await lockMigrations(tx)
    if (await isDistributed(tx)) throw new Refused(DISTRIBUTED_BOARD)
    await assertAlone(tx)
    if (!replace && (await hasContent(tx))) throw new BoardNotEmpty()
    await tx`select set_config('lock_timeout', ${String(LOCKED)}, true)`
    const loading = new Loading(tx, file.name, onProgress)
    await readBackup(file.open(), file.name, loading)
    await applyMigrations(tx)
    // These numbers are transactions of another database.
    await tx`update training_jobs set board_revision = pg_current_xact_id()::text::bigint`
    await tx`update alert_cursor set board_revision = pg_current_xact_id()::text::bigint
      where board_revision is not null`
    // Without statistics, the list sorts all jobs instead of reading an index.
    await tx`analyze`
  })
}

const DISTRIBUTED_BOARD =
  'A backup cannot be restored on a board whose tables are on several servers. Restore it in a new ' +
  'database of the coordinator, then run bestmark distribute there.'

/** Loads the tables of a backup, as its version had them. */
class Loading implements BackupReader {
  readonly #tx: SqlTx
  readonly #file: string
  readonly #onProgress: (progress: BackupProgress) => void
  #tables = new Map<string, StoredTable>()
  #bytes = 0

  constructor(tx: SqlTx, file: string, onProgress: (progress: BackupProgress) => void) {
    this.#tx = tx
    this.#file = file
    this.#onProgress = onProgress
  }

  async header(header: BackupHeader): Promise<void> {
    await assertKnown(header, this.#file)
    const tx = this.#tx
    const isOlder = header.migrations.length < (await migrationNames()).length
    if (isOlder) await remake(tx, header.migrations.at(-1) ?? '')
    const tables = await storedTables(tx, BOARD_TABLES)
    await tx.unsafe(`truncate ${tables.map(({ name }) => quoted(name)).join(', ')}`)
    this.#tables = new Map(tables.map((table) => [table.name, table]))
  }

  async table({ table, columns }: BackupTable, rows: AsyncIterable<Buffer>): Promise<void> {
    const stored = this.#tables.get(table)
    const missing = columns.filter((column) => stored?.columns.includes(column) !== true)
    if (missing.length > 0) throw unknownColumn(this.#file, `${table}.${missing[0]}`)
    const copying = this.#tx.unsafe(`${copyOf({ name: table, columns })} from stdin`)
    await pipeline(Readable.from(this.#counted(table, rows)), await copying.writable())
  }

  async end(sequences: readonly SequenceValue[]): Promise<void> {
    for (const { table, column, value } of sequences) {
      if (this.#tables.get(table)?.columns.includes(column) !== true)
        throw unknownColumn(this.#file, `${table}.${column}`)
      await this.#tx`
        select setval(pg_get_serial_sequence(${quoted(table)}, ${column}), ${value}::bigint)`
    }
  }

  async *#counted(table: string, rows: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const piece of rows) {
      this.#bytes += piece.length
      this.#onProgress({ table, bytes: this.#bytes })
      yield piece
    }
  }
}

/** Creates the tables again, as they were after one migration. */
async function remake(tx: SqlTx, last: string): Promise<void> {
  const tables = await storedTables(tx, BOARD_TABLES)
  // Views go with their tables.
  await tx.unsafe(`drop table ${tables.map(({ name }) => quoted(name)).join(', ')} cascade`)
  await applyMigrations(tx, { last })
}

/** Throws BackupUnusable unless this version has all migrations of the backup. */
async function assertKnown({ migrations, bestmark }: BackupHeader, file: string): Promise<void> {
  const known = await migrationNames()
  const unknown = migrations.filter((name) => !known.includes(name))
  if (unknown.length > 0) {
    throw new BackupUnusable(
      `${file} was made by a newer Bestmark (${bestmark}): its database has ${unknown.join(', ')}. ` +
        'Update Bestmark, then restore it.',
    )
  }
  if (migrations.some((name, index) => name !== known[index])) {
    throw new BackupUnusable(
      `${file} has migrations in an order that no Bestmark has. Use another backup.`,
    )
  }
}

function unknownColumn(file: string, name: string): BackupUnusable {
  return new BackupUnusable(
    `${file} has ${name}, which no board of its version has. Use another backup.`,
  )
}
