import { asc, eq, sql } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import { clock } from '../rows/clock.ts'
import { savedViews } from '../schema.ts'
import { Refused } from '../values/refused.ts'
import { storable } from '../values/storable.ts'

/** A view of the list that somebody saved. */
export type SavedView = Omit<typeof savedViews.$inferSelect, 'saved_at'>

/** The most views of one board. */
export const MOST_VIEWS = 100

/** The saved views, by name. */
export async function listViews({ orm }: Pick<Database, 'orm'>): Promise<SavedView[]> {
  const { view_id, name, query } = savedViews
  return orm.select({ view_id, name, query }).from(savedViews).orderBy(asc(name), asc(view_id))
}

/** Saves a view; one of the same name is replaced. Throws Refused if there are too many. */
export async function saveView(
  db: Database,
  { name, query }: { name: string; query: string },
): Promise<void> {
  await db.orm.transaction(async (tx) => {
    // Two that save one name at once must not both add it.
    await tx.execute(sql`lock table ${savedViews} in share row exclusive mode`)
    await tx.delete(savedViews).where(eq(savedViews.name, storable(name)))
    if ((await tx.$count(savedViews)) >= MOST_VIEWS) {
      throw new Refused(`A board has at most ${MOST_VIEWS} saved views. Remove one first.`)
    }
    await tx.insert(savedViews).values({ name, query, saved_at: clock })
  })
}

/** Removes a view; one that is gone stays gone. */
export async function removeView(db: Database, view_id: string): Promise<void> {
  await db.orm.delete(savedViews).where(eq(savedViews.view_id, view_id))
}
