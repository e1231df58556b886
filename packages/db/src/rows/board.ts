import type { Database } from '../connection/client.ts'
import { clock } from './clock.ts'
import { board, claims } from '../schema.ts'

/** The id of this board, created with its first migration. */
export async function boardId(db: Database): Promise<string> {
  const [row] = await db.orm.select().from(board)
  if (!row) throw new Error('The database has no board row; it was not migrated.')
  return row.board_id
}

/** True for exactly one caller: the one that may do the action that `key` names. */
export async function claimOnce(db: Database, key: string): Promise<boolean> {
  const made = await db.orm
    .insert(claims)
    .values({ key, claimed_at: clock })
    .onConflictDoNothing()
    .returning()
  return made.length === 1
}
