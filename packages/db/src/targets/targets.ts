import { DEFAULT_TARGET, type Target } from '@bestmark/core'
import { and, asc, eq, notInArray } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import { clock } from '../rows/clock.ts'
import { transaction, type Tx } from '../rows/job.ts'
import { hosts, targets } from '../schema.ts'

/** A target of one host. */
export interface HostTarget extends Target {
  host_id: string
  host: string
  /** When the agent of that host last read its configuration. */
  read_at: number
}

/** Stores the targets of a host in place of those that it published before. */
export async function publishTargets(
  db: Database,
  host_id: string,
  published: readonly Target[],
): Promise<void> {
  await transaction(db, async (tx) => {
    const names = published.map(({ name }) => name)
    await tx
      .delete(targets)
      .where(and(eq(targets.host_id, host_id), notInArray(targets.name, names)))
    for (const { name, ...facts } of published) {
      const set = { ...facts, read_at: clock }
      await tx
        .insert(targets)
        .values({ host_id, name, ...set })
        .onConflictDoUpdate({ target: [targets.host_id, targets.name], set })
    }
  })
}

/** The targets of one host or of all, by host and name. */
export async function listTargets(db: Database, host_id?: string): Promise<HostTarget[]> {
  const rows = await db.orm
    .select({ target: targets, host: hosts.hostname })
    .from(targets)
    .innerJoin(hosts, eq(hosts.host_id, targets.host_id))
    .where(host_id === undefined ? undefined : eq(targets.host_id, host_id))
    .orderBy(asc(hosts.hostname), asc(targets.name))
  return rows.map(({ target, host }) => ({ ...target, host }))
}

/** Whether a host has a target of this name. Every host has the default one. */
export async function hasTarget(tx: Tx, host_id: string | null, name: string): Promise<boolean> {
  if (name === DEFAULT_TARGET) return true
  const rows = await tx
    .select({ name: targets.name })
    .from(targets)
    .where(and(eq(targets.host_id, host_id ?? ''), eq(targets.name, name)))
  return rows.length > 0
}
