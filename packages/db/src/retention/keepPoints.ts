import type { Database } from '../connection/client.ts'
import { board } from '../schema.ts'

/** For how many days after its end all points of a job are kept; null: for ever. */
export async function keepPointsDays({ orm }: Pick<Database, 'orm'>): Promise<number | null> {
  const [row] = await orm.select({ days: board.keep_points_days }).from(board)
  return row?.days ?? null
}

/** Sets the rule of the board for all its jobs. */
export async function setKeepPointsDays(
  { orm }: Pick<Database, 'orm'>,
  days: number | null,
): Promise<void> {
  await orm.update(board).set({ keep_points_days: days })
}
