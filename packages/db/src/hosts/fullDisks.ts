import { and, desc, eq, gt, isNull, or, sql } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import { clock } from '../rows/clock.ts'
import { fullDisks as table, hosts } from '../schema.ts'

/** How long (ms) a disk is still listed after it has space again. */
const SPOKEN_OF = 24 * 3_600_000

/** A disk that is full, or was a short while ago. Times are the host's (ms). */
export interface FullDisk {
  host_id: string
  /** The host's name; null if its agent never reported. */
  host: string | null
  /** Where the disk is mounted on its host. */
  mount: string
  /** Whether the board's database is on it. */
  holds_database: boolean
  full_since: number
  /** Null while it is full. */
  over_at: number | null
}

/** Records that a disk of a host is full since `full_since`, or that it had space again at `over_at`. */
export async function noteFullDisk(db: Database, disk: Omit<FullDisk, 'host'>): Promise<void> {
  const { holds_database, full_since, over_at } = disk
  await db.orm
    .insert(table)
    .values(disk)
    .onConflictDoUpdate({
      target: [table.host_id, table.mount],
      set: { holds_database, full_since, over_at },
    })
}

/** The disks that are full, or were within the last day, the latest first; of one host or of all. */
export async function fullDisks(db: Database, host_id?: string): Promise<FullDisk[]> {
  const isOpen = or(isNull(table.over_at), gt(table.over_at, sql`${clock} - ${SPOKEN_OF}`))
  const isOfHost = host_id === undefined ? undefined : eq(table.host_id, host_id)
  const rows = await db.orm
    .select({ disk: table, host: hosts.hostname })
    .from(table)
    .leftJoin(hosts, eq(hosts.host_id, table.host_id))
    .where(and(isOpen, isOfHost))
    .orderBy(desc(table.full_since))
  return rows.map(({ disk, host }) => ({ ...disk, host }))
}
