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

/**
 * Throws BoardInUse if another process of Bestmark uses the database. It may hold data of the
 * earlier board, and would write to jobs that no longer exist.
 */
export async function assertAlone(tx: SqlTx): Promise<void> {
  const [row] = await tx<{ others: number; present: number }[]>`
    select count(*) filter (where application_name <> ${PRESENCE_NAME})::int as others,
      count(*) filter (where application_name = ${PRESENCE_NAME})::int as present
    from pg_stat_activity
    where datname = current_database() and starts_with(application_name, 'bestmark')
      and application_name <> ${RESTORING}`
  // One presence is our own.
  if (row && row.others === 0 && row.present <= 1) return
  throw new BoardInUse(
    'Another process of Bestmark uses this board, so nothing was restored. Stop "bestmark up", ' +
      'agents and other commands first, also on other machines.',
  )
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
