import { and, eq, inArray, isNull, notExists, sql } from 'drizzle-orm'
import { claimOnce } from '../rows/board.ts'
import type { Database } from '../connection/client.ts'
import { claims, deployments, policyChanges, trainingJobs } from '../schema.ts'

const keyOf = (job_id: string): string => `example ${job_id}`
const IS_EXAMPLE = sql`exists (
  select from ${claims} where ${claims.key} = 'example ' || ${trainingJobs.job_id})`

/** Marks a job as an example that may be removed; true for exactly one caller ever. */
export async function claimExample(db: Database, job_id: string): Promise<boolean> {
  return claimOnce(db, keyOf(job_id))
}

/** Whether a job was marked as an example. */
export async function isExample(db: Database, job_id: string): Promise<boolean> {
  const rows = await db.orm
    .select({ key: claims.key })
    .from(claims)
    .where(eq(claims.key, keyOf(job_id)))
  return rows.length > 0
}

/** The examples that are on the board and were not deleted. */
export async function examples(db: Database): Promise<string[]> {
  const rows = await db.orm
    .select({ job_id: trainingJobs.job_id })
    .from(trainingJobs)
    .where(and(IS_EXAMPLE, isNull(trainingJobs.deleted_at)))
    .orderBy(trainingJobs.job_id)
  return rows.map(({ job_id }) => job_id)
}

/**
 * Removes the examples and everything recorded of them from the board, and returns how many. A
 * shipped example stays, because the ledger refers to it. No file is touched.
 */
export async function removeExamples(db: Database): Promise<number> {
  const { job_id } = trainingJobs
  return db.orm.transaction(async (tx) => {
    const shipped = tx
      .select({ one: sql`1` })
      .from(deployments)
      .where(eq(deployments.job_id, job_id))
    const found = await tx
      .select({ job_id })
      .from(trainingJobs)
      .where(and(IS_EXAMPLE, notExists(shipped)))
      .orderBy(job_id)
      .for('update')
    const ids = found.map((row) => row.job_id)
    if (ids.length === 0) return 0
    await tx.delete(policyChanges).where(inArray(policyChanges.job_id, ids))
    await tx.delete(trainingJobs).where(inArray(job_id, ids))
    return ids.length
  })
}
