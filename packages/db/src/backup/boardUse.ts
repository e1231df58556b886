import { setTimeout as sleep } from 'node:timers/promises'
import { quoted, BOARD_TABLES, storedTables } from './boardTables.ts'
import { PRESENCE_NAME } from '../connection/address.ts'
import type { SqlTx } from '../connection/migrate.ts'

/** The board cannot be replaced now; the message is a sentence for the person who asked. */
export class BoardInUse extends Error {
  override readonly name = 'BoardInUse'
}

/** The board has jobs or settings that a restored backup would remove. */
export class BoardNotEmpty extends Error {
  override readonly name = 'BoardNotEmpty'
}

/** The name by which a process that restores a backup opens the database. */
export const RESTORING = 'bestmark restore'

/** Tables that may have rows on a board that nobody used. */
const MADE_AT_START = ['migrations', 'board', 'claims', 'hosts', 'full_disks', 'alert_cursor']

/** How long connections that were just closed may still be listed (ms), and the wait between two looks. */
const [CLOSING, BETWEEN] = [2_000, 100]

/**
 * Throws BoardInUse if another process of Bestmark uses the database. It may hold data of the
 * earlier board, and would write to jobs that no longer exist.
 */
export async function assertAlone(tx: SqlTx): Promise<void> {
  for (const since = performance.now(); ; await sleep(BETWEEN)) {
    if (await isAlone(tx)) return
    if (performance.now() - since < CLOSING) continue
    throw new BoardInUse(
      'Another process of Bestmark uses this board, so nothing was restored. Stop "bestmark up", ' +
        'agents and other commands first, also on other machines.',
    )
  }
}

async function isAlone(tx: SqlTx): Promise<boolean> {
  // Within a transaction the list of connections would stay the same.
  await tx`select pg_stat_clear_snapshot()`
  const [row] = await tx<{ others: number; present: number }[]>`
    select count(*) filter (where application_name <> ${PRESENCE_NAME})::int as others,
      count(*) filter (where application_name = ${PRESENCE_NAME})::int as present
    from pg_stat_activity
    where datname = current_database() and starts_with(application_name, 'bestmark')
      and application_name <> ${RESTORING}`
  // One presence is our own.
  return row !== undefined && row.others === 0 && row.present <= 1
}

/** Whether a board has anything that somebody recorded or decided. */
export async function hasContent(tx: SqlTx): Promise<boolean> {
  const tables = await storedTables(tx, BOARD_TABLES)
  for (const { name } of tables) {
    if (MADE_AT_START.includes(name)) continue
    const [row] = await tx.unsafe<{ one: number }[]>(`select 1 as one from ${quoted(name)} limit 1`)
    if (row) return true
  }
  return false
}
