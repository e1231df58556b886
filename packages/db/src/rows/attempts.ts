import type { EventOf } from '@bestmark/core'
import { and, asc, eq } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import type { Tx } from './job.ts'
import { attempts } from '../schema.ts'

/** The job and the revision of the rows of one write. */
export interface WriteAt {
  job_id: string
  revision: number
}

/** The revision of a job that was only registered. */
export const REGISTERED = 1

/** Whether a write is the first one to its job, so no rows of the job are stored yet. */
export function isFirstWrite({ revision }: WriteAt): boolean {
  return revision === REGISTERED + 1
}

export type AttemptRow = typeof attempts.$inferSelect

/** Records that attempts began or ended. */
export async function recordAttempts(
  tx: Tx,
  at: WriteAt,
  events: readonly EventOf<'started' | 'ended'>[],
): Promise<void> {
  const changes = new Map<number, Partial<AttemptRow>>()
  for (const event of events) {
    const change = event.type === 'ended' ? ended(event) : begun(event)
    changes.set(event.attempt, { ...changes.get(event.attempt), ...change })
  }
  for (const [attempt, set] of changes) {
    await tx
      .insert(attempts)
      .values({ ...at, attempt, ...set })
      .onConflictDoUpdate({
        target: [attempts.job_id, attempts.attempt],
        set: { ...set, revision: at.revision },
      })
  }
}

function ended({ at, status, error, cause }: EventOf<'ended'>): Partial<AttemptRow> {
  return { ended_at: at, status, error, end_cause: cause ?? null }
}

function begun({ at, resumed_from, total_steps }: EventOf<'started'>): Partial<AttemptRow> {
  const open = { ended_at: null, status: 'running', error: null, end_cause: null } as const
  return { started_at: at, resumed_from, total_steps, ...open }
}

/** Records that a lost attempt continues. */
export async function attemptFound(tx: Tx, at: WriteAt, attempt: number): Promise<void> {
  const here = and(eq(attempts.job_id, at.job_id), eq(attempts.attempt, attempt))
  await tx
    .update(attempts)
    .set({ status: 'running', ended_at: null, revision: at.revision })
    .where(and(here, eq(attempts.status, 'lost')))
}

/** Whether an attempt was marked lost because of its silence. */
export async function isAttemptLost(tx: Tx, job_id: string, attempt: number): Promise<boolean> {
  const here = and(eq(attempts.job_id, job_id), eq(attempts.attempt, attempt))
  return (await tx.$count(attempts, and(here, eq(attempts.status, 'lost')))) > 0
}

/** The attempts of a job, in order. */
export async function listAttempts(
  db: Pick<Database['orm'], 'select'>,
  job_id: string,
): Promise<AttemptRow[]> {
  return db
    .select()
    .from(attempts)
    .where(eq(attempts.job_id, job_id))
    .orderBy(asc(attempts.attempt))
    .prepare('list_attempts')
    .execute()
}
