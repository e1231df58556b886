import { and, desc, eq, isNull, lt } from 'drizzle-orm'
import { bestEffort } from '../connection/bestEffort.ts'
import type { Database } from '../connection/client.ts'
import { clock } from '../rows/clock.ts'
import { auditLog } from '../schema.ts'

/** A write that somebody tried. */
export type AuditEntry = typeof auditLog.$inferSelect

/** Who writes what. */
export type AuditedWrite = Omit<AuditEntry, 'audit_id' | 'at' | 'outcome'>

/** Does a write after its entry is stored, so that no write is without one. */
export async function audited<T>(
  db: Database,
  entry: AuditedWrite,
  write: () => Promise<T>,
  outcomeOf: (result: T) => string,
): Promise<T> {
  const { audit_id } = auditLog
  const [stored] = await db.orm
    .insert(auditLog)
    .values({ ...entry, at: clock })
    .returning({ audit_id })
  if (!stored) throw new Error('The entry of the audit was not stored.')
  const result = await write()
  const isOpen = and(eq(audit_id, stored.audit_id), isNull(auditLog.outcome))
  // The write is over, and its caller must learn that. An entry without outcome says it is unknown.
  await bestEffort(async () =>
    db.orm
      .update(auditLog)
      .set({ outcome: outcomeOf(result) })
      .where(isOpen),
  )
  return result
}

/** Writes, the newest first; with `before` only those before an entry. */
export async function listAudit(
  db: Database,
  { limit, before }: { limit: number; before?: number | undefined },
): Promise<AuditEntry[]> {
  const isEarlier = before === undefined ? undefined : lt(auditLog.audit_id, before)
  const newest = desc(auditLog.audit_id)
  return db.orm.select().from(auditLog).where(isEarlier).orderBy(newest).limit(limit)
}
