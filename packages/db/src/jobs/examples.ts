import { and, eq, inArray, isNull, like, sql } from 'drizzle-orm'
import { claimOnce } from '../rows/board.ts'
import { transaction, type Tx } from '../rows/job.ts'
import type { Database } from '../connection/client.ts'
import { claims, deployments, policyChanges, trainingJobs } from '../schema.ts'

const keyOf = (job_id: string): string => `example ${job_id}`
const KEY = /^example (?<job_id>.+)$/

/** The ids of all jobs that were ever marked as examples, in order. */
async function exampleIds(orm: Pick<Tx, 'select'>): Promise<string[]> {
  const rows = await orm
    .select({ key: claims.key })
    .from(claims)
    .where(like(claims.key, keyOf('%')))
    .orderBy(claims.key)
  return rows.flatMap(({ key }) => KEY.exec(key)?.groups?.['job_id'] ?? [])
}

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
  const ids = await exampleIds(db.orm)
  const rows = await db.orm
    .select({ job_id: trainingJobs.job_id })
    .from(trainingJobs)
    .where(and(inArray(trainingJobs.job_id, ids), isNull(trainingJobs.deleted_at)))
    .orderBy(trainingJobs.job_id)
  return rows.map(({ job_id }) => job_id)
}

/**
 * Removes the examples and everything recorded of them from the board, and returns how many. A
 * shipped example stays, because the ledger refers to it. No file is touched.
 */
export async function removeExamples(db: Database): Promise<number> {
  let removed = 0
  for (const job_id of await exampleIds(db.orm)) {
    if (await removeExample(db, job_id)) removed++
  }
  return removed
}

/** A transaction per job, because each job may be on another server. */
async function removeExample(db: Database, job_id: string): Promise<boolean> {
  return transaction(db, async (tx) => {
    const ofJob = eq(trainingJobs.job_id, job_id)
    const found = await tx
      .select({ one: sql`1` })
      .from(trainingJobs)
      .where(ofJob)
      .for('update')
    if (found.length === 0) return false
    if ((await tx.$count(deployments, eq(deployments.job_id, job_id))) > 0) return false
    await tx.delete(policyChanges).where(eq(policyChanges.job_id, job_id))
    await tx.delete(trainingJobs).where(ofJob)
    return true
  })
}
