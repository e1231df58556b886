import { alertsOf, type JobNews } from '@bestmark/core'
import { and, eq, getTableColumns, gte, isNull, ne, or } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import { boardNow } from '../rows/boardRevision.ts'
import { clock } from '../rows/clock.ts'
import { transaction, type Tx } from '../rows/job.ts'
import {
  alertCursor,
  alertFacts,
  alertRules,
  alerts,
  type JobRow,
  trainingJobs,
} from '../schema.ts'
import { factsOf, jobNews } from './jobNews.ts'
import { snapshot } from '../rows/snapshot.ts'
import { firstTry } from './outbox.ts'
import type { StoredRule } from './rules.ts'

/** How many jobs are compared in one transaction. */
const AT_ONCE = 100

/**
 * Compares the jobs that were written since the last call with their facts of then, and puts the
 * alerts of each rule in the queue. Recording is not involved: this reads committed rows. The
 * messages, the facts and the cursor are written in one transaction, by one process at a time.
 * Returns whether more jobs wait.
 */
export async function deriveAlerts(db: Database): Promise<boolean> {
  return transaction(db, async (tx) => {
    const [cursor] = await tx.select().from(alertCursor).for('update', { skipLocked: true })
    const since = cursor?.board_revision ?? null
    if (since === null) return false
    // One moment of all rows, so that a job's best and its live models fit together.
    const { settled, changed } = await snapshot(db, (read) => newsSince(read, since))
    const rules = await tx.select().from(alertRules)
    for (const one of changed) await write(tx, rules, one)
    if (changed.length === AT_ONCE) return true
    if (settled !== since) await tx.update(alertCursor).set({ board_revision: settled })
    return false
  })
}

interface ChangedJob {
  job: JobRow
  /** Null for a deleted job. */
  news: JobNews | null
}

async function newsSince(
  read: Tx,
  cursor: number,
): Promise<{ settled: number; changed: ChangedJob[] }> {
  const { settled, next } = await boardNow(read)
  // A cursor that this database has not reached is another's: then every job is compared.
  const rows = await changedSince(read, cursor > next ? 0 : cursor)
  const changed: ChangedJob[] = []
  for (const { job, before } of rows) {
    changed.push({ job, news: job.deleted_at === null ? await jobNews(read, job, before) : null })
  }
  return { settled, changed }
}

async function changedSince(read: Tx, since: number) {
  const { board_revision, revision, job_id } = trainingJobs
  return read
    .select({ job: getTableColumns(trainingJobs), before: alertFacts })
    .from(trainingJobs)
    .leftJoin(alertFacts, eq(alertFacts.job_id, job_id))
    .where(
      and(
        gte(board_revision, since),
        or(isNull(alertFacts.revision), ne(alertFacts.revision, revision)),
      ),
    )
    .orderBy(board_revision)
    .limit(AT_ONCE)
}

async function write(
  tx: Tx,
  rules: readonly StoredRule[],
  { job, news }: ChangedJob,
): Promise<void> {
  const { job_id, name: job_name, project } = job
  const found = rules.flatMap(({ rule_id, ...rule }) =>
    (news ? alertsOf(rule, project, news) : []).map((keyed) => {
      const row = { rule_id, job_id, job_name, project, ...keyed, created_at: clock }
      return { ...row, ...firstTry(rule.destination) }
    }),
  )
  if (found.length > 0) await tx.insert(alerts).values(found).onConflictDoNothing()
  const seen = { revision: job.revision, ...factsOf(job), seen_at: clock }
  await tx
    .insert(alertFacts)
    .values({ job_id, ...seen })
    .onConflictDoUpdate({ target: alertFacts.job_id, set: seen })
}
