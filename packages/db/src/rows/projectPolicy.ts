import { and, desc, eq, sql } from 'drizzle-orm'
import type { Tx } from './job.ts'
import { type JobRow, policyChanges } from '../schema.ts'
import { storable } from '../values/storable.ts'

/** What a policy is changed for: a job, or every job of a project that has no policy itself. */
export type PolicyFor = { job_id: string } | { project: string }

/** The policy columns of a job's row. */
export type PolicyColumns = Pick<JobRow, 'selection_policy' | 'policy_options' | 'policy_from'>

export const DEFAULT_POLICY: PolicyColumns = {
  selection_policy: 'as_declared',
  policy_options: {},
  policy_from: 'default',
}

/** The first key of the locks below; the second is the project's. */
const LOCK = 7_365_002

/**
 * The policy of a job in this project that has no policy itself. It cannot change before the
 * transaction ends. Call it before locking a job's row, because a change of the project's policy
 * locks in that order.
 */
export async function projectPolicy(tx: Tx, project: string): Promise<PolicyColumns> {
  const key = storable(project)
  await tx.execute(sql`select pg_advisory_xact_lock_shared(${LOCK}, hashtext(${key}))`)
  const [last] = await tx
    .select()
    .from(policyChanges)
    .where(ofProject(key))
    .orderBy(desc(policyChanges.change_id))
    .limit(1)
  if (!last || last.policy === null) return DEFAULT_POLICY
  return { selection_policy: last.policy, policy_options: last.options, policy_from: 'project' }
}

/**
 * Until the transaction ends, nobody else changes the project's policy or registers a job in it.
 */
export async function lockProjectPolicy(tx: Tx, project: string): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(${LOCK}, hashtext(${storable(project)}))`)
}

/** The changes that were made for a whole project. */
export function ofProject(project: string) {
  const { scope, project: named } = policyChanges
  // The index contains the digest.
  return and(eq(scope, 'project'), sql`md5(${named}) = md5(${project})`, eq(named, project))
}
