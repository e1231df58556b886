import { DEFAULT_TARGET, type Target, type TargetConditions } from '@bestmark/core'
import { and, asc, eq } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import type { Tx } from '../rows/job.ts'
import { publish } from '../rows/published.ts'
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
  await publish(db, targets, host_id, published)
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

/**
 * The conditions of a host's target; null if it states none, undefined if there is no such target.
 * Every host has the default one.
 */
export async function conditionsOf(
  tx: Tx,
  host_id: string | null,
  name: string,
): Promise<TargetConditions | null | undefined> {
  const [row] = await tx
    .select({ conditions: targets.conditions })
    .from(targets)
    .where(and(eq(targets.host_id, host_id ?? ''), eq(targets.name, name)))
  if (row) return row.conditions
  return name === DEFAULT_TARGET ? null : undefined
}
