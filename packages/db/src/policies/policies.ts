import { type Policy, PolicyChoice, type PolicyOptions } from '@bestmark/core'
import { and, desc, eq, ne, or, sql } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import { clock } from '../rows/clock.ts'
import { changeJobIn, transaction, type Tx } from '../rows/job.ts'
import { jobRow } from '../jobs/jobs.ts'
import { policyRefusal } from './policyRefusal.ts'
import {
  DEFAULT_POLICY,
  lockProjectPolicy,
  ofProject,
  type PolicyColumns,
  type PolicyFor,
  projectPolicy,
} from '../rows/projectPolicy.ts'
import { JobUnknown, Refused } from '../values/refused.ts'
import { policyChanges, type PolicyScope, trainingJobs } from '../schema.ts'
import { backtestedPolicy } from './scoredPolicy.ts'
import { reselect } from '../selection/selection.ts'
import { storable } from '../values/storable.ts'

/** One row of the ledger of policies. */
export interface PolicyChange {
  change_id: number
  scope: PolicyScope
  /** Null for a project's policy. */
  job_id: string | null
  project: string
  /** Null: back to the project's policy, or the default. */
  policy: Policy | null
  options: PolicyOptions
  by: string
  /** By the database's clock (ms). */
  changed_at: number
}

/** The result of a change. */
export interface PolicyChanged {
  change: PolicyChange
  /** How many jobs use it. */
  jobs: number
}

/** The most changes in a history. */
const MOST_CHANGES = 200

/**
 * Changes the policy of a job or a project, stores who did it, and chooses again from the stored
 * rows. Null returns to the project's policy, or for a project to the default. Either everything
 * happens or nothing. Throws JobUnknown, and Refused with the available choices.
 */
export async function changePolicy(
  db: Database,
  whose: PolicyFor,
  choice: PolicyChoice | null,
  by: string,
): Promise<PolicyChanged> {
  const who = storable(by.trim())
  if (!who) throw new Refused('Give a name: it is recorded with the change.')
  const project = 'project' in whose ? storable(whose.project) : await projectOf(db, whose.job_id)
  const acceptedChoice = choice && (await accepted(db, whose, PolicyChoice.parse(choice)))
  return transaction(db, async (tx) => {
    if ('project' in whose) await lockProjectPolicy(tx, project)
    const inherited = 'project' in whose ? DEFAULT_POLICY : await projectPolicy(tx, project)
    const change = await append(tx, whose, project, acceptedChoice, who)
    const ids = 'project' in whose ? await inheritors(tx, project) : [whose.job_id]
    for (const job_id of ids) await apply(tx, job_id, columnsOf(change) ?? inherited)
    return { change, jobs: ids.length }
  })
}

/** A change as it was stored, on this board or another. */
export type NotedChange = Pick<PolicyChange, 'policy' | 'options' | 'by' | 'changed_at'>

/**
 * Restores the changes for a job, oldest first, if this board has none for it; the last one
 * decides. Throws JobUnknown.
 */
export async function restorePolicies(
  db: Database,
  job_id: string,
  changes: readonly NotedChange[],
): Promise<void> {
  const project = await projectOf(db, job_id)
  await transaction(db, async (tx) => {
    const here = eq(policyChanges.job_id, job_id)
    if ((await tx.select().from(policyChanges).where(here).limit(1)).length > 0) return
    const rows = changes.map((change) => ({ ...change, scope: 'job', job_id, project }) as const)
    if (rows.length === 0) return
    const last = (await tx.insert(policyChanges).values(rows).returning()).at(-1)
    const columns = last && columnsOf(last)
    await apply(tx, job_id, columns ?? (await projectPolicy(tx, project)))
  })
}

/**
 * Restores the changes for a project, oldest first, if this board has none for it. The last one
 * decides for its jobs that have no policy of their own. False if this board has changes.
 */
export async function restoreProjectPolicies(
  db: Database,
  project: string,
  changes: readonly NotedChange[],
): Promise<boolean> {
  const key = storable(project)
  return transaction(db, async (tx) => {
    await lockProjectPolicy(tx, key)
    if ((await tx.select().from(policyChanges).where(ofProject(key)).limit(1)).length > 0) {
      return false
    }
    const rows = changes.map((change) => {
      return { ...change, scope: 'project', job_id: null, project: key } as const
    })
    const last = (await tx.insert(policyChanges).values(rows).returning()).at(-1)
    const columns = (last && columnsOf(last)) ?? DEFAULT_POLICY
    for (const job_id of await inheritors(tx, key)) await apply(tx, job_id, columns)
    return true
  })
}

async function projectOf(db: Database, job_id: string): Promise<string> {
  const job = await jobRow(db, job_id)
  if (!job) throw new JobUnknown(job_id)
  return job.project
}

/** The accepted choice; throws Refused if there is a problem. */
async function accepted(
  db: Database,
  whose: PolicyFor,
  choice: PolicyChoice,
): Promise<PolicyChoice> {
  const earned = choice.policy === 'scored' ? await backtestedPolicy(db, choice) : choice
  const refusal = await policyRefusal(db, whose, earned)
  if (refusal !== undefined) throw new Refused(refusal)
  return earned
}

async function append(
  tx: Tx,
  whose: PolicyFor,
  project: string,
  choice: PolicyChoice | null,
  by: string,
): Promise<PolicyChange> {
  const [now] = await tx.execute<{ now: number }>(sql`select ${clock} as now`)
  const changed_at = now?.now ?? Date.now()
  const options = choice ? { ...choice.options, by: `${by}, ${DAY.format(changed_at)}` } : {}
  const scope = 'project' in whose ? 'project' : 'job'
  const job_id = 'project' in whose ? null : whose.job_id
  const row = {
    scope,
    job_id,
    project,
    policy: choice?.policy ?? null,
    options,
    by,
  } as const
  const [made] = await tx
    .insert(policyChanges)
    .values({ ...row, changed_at })
    .returning()
  if (!made) throw new Error('The database did not return the change of a policy.')
  return made
}

function columnsOf({ scope, policy, options }: PolicyChange): PolicyColumns | undefined {
  if (policy === null) return undefined
  return { selection_policy: policy, policy_options: options, policy_from: scope }
}

/** Such as 23 Nov 2026; the same on every machine. */
const DAY = new Intl.DateTimeFormat('en-GB', {
  ...{ day: 'numeric', month: 'short', year: 'numeric' },
  timeZone: 'UTC',
})

/** The jobs that use their project's policy, always in one order, to avoid deadlocks. */
async function inheritors(tx: Tx, project: string): Promise<string[]> {
  const { job_id, policy_from } = trainingJobs
  const rows = await tx
    .select({ job_id })
    .from(trainingJobs)
    .where(and(eq(trainingJobs.project, project), ne(policy_from, 'job')))
    .orderBy(job_id)
  return rows.map((row) => row.job_id)
}

/** Stores a job's policy and selects again, so that pages read its checkpoints again. */
async function apply(tx: Tx, job_id: string, columns: PolicyColumns): Promise<void> {
  await changeJobIn(tx, job_id, async (_tx, job, revision) => {
    const selected = await reselect(tx, { ...job, ...columns })
    const set = { ...columns, ...selected, checkpoints_revision: revision }
    return { set, answer: undefined }
  })
}

/**
 * The changes for a job or a project, newest first. A job's history includes its project's changes.
 * At most 200. Throws JobUnknown.
 */
export async function policyHistory(db: Database, whose: PolicyFor): Promise<PolicyChange[]> {
  const project = 'project' in whose ? storable(whose.project) : await projectOf(db, whose.job_id)
  const ofJob = 'project' in whose ? undefined : eq(policyChanges.job_id, whose.job_id)
  return db.orm
    .select()
    .from(policyChanges)
    .where(or(ofJob, ofProject(project)))
    .orderBy(desc(policyChanges.change_id))
    .limit(MOST_CHANGES)
}
