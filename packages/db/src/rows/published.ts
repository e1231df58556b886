import { and, eq, notInArray } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import type { recipes, targets } from '../schema.ts'
import { clock } from './clock.ts'
import { transaction } from './job.ts'

/** The tables of what an agent reads from a file of its host. */
type Published = typeof recipes | typeof targets

/** A row without what the board adds. */
type Facts<Table extends Published> = Omit<Table['$inferInsert'], 'host_id' | 'read_at'>

/** Stores what a host publishes in place of what it published before. */
export async function publish<Table extends Published>(
  db: Database,
  table: Table,
  host_id: string,
  published: readonly Facts<Table>[],
): Promise<void> {
  // Drizzle cannot type an insert into one of several tables; Facts has checked the rows.
  const into = table as typeof recipes
  const rows = published as readonly Facts<typeof recipes>[]
  await transaction(db, async (tx) => {
    const names = rows.map(({ name }) => name)
    await tx.delete(into).where(and(eq(into.host_id, host_id), notInArray(into.name, names)))
    for (const { name, ...facts } of rows) {
      const set = { ...facts, read_at: clock }
      await tx
        .insert(into)
        .values({ host_id, name, ...set })
        .onConflictDoUpdate({ target: [into.host_id, into.name], set })
    }
  })
}
