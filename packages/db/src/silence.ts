import { hasEnded, isSilent, type Patience } from '@bestmark/core'
import { sql } from 'drizzle-orm'
import type { Database } from './client.ts'
import { clock } from './clock.ts'
import { recordAttempts } from './attempts.ts'
import { changeJob } from './job.ts'

/** The database's clock now (ms). */
export async function databaseTime(db: Database): Promise<number> {
  const [row] = await db.orm.execute<{ now: number }>(sql`select ${clock} as now`)
  if (!row) throw new Error('The database did not tell its time.')
  return row.now
}

/**
 * Calls a job lost where it has said nothing for longer than its own cadence allows, counted from
 * when somebody listened at the earliest (database time, ms); returns whether it did. The job comes
 * back with its next word. Throws JobUnknown.
 */
export async function loseSilent(
  db: Database,
  job_id: string,
  { patience, listening_since }: { patience: Patience; listening_since: number },
): Promise<boolean> {
  return changeJob<boolean>(db, job_id, async (tx, job, revision) => {
    const { status, attempt, cadence, now } = job
    const speaks = status !== 'queued' && status !== 'lost' && !hasEnded(status)
    const heard_at = Math.max(job.heard_at ?? job.registered_at, listening_since)
    if (!speaks || !isSilent({ heard_at, cadence }, now, patience)) return { answer: false }
    const lost = { type: 'ended', attempt, at: null, status: 'lost', error: null } as const
    await recordAttempts(tx, { job_id, revision }, [lost])
    return { set: { status: 'lost' }, answer: true }
  })
}
