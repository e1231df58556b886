import type { FrozenChoice } from '@bestmark/core'
import { and, desc, eq, inArray, lt, ne, or, sql } from 'drizzle-orm'
import {
  type Deployment,
  FACE,
  OF_CHECKPOINT,
  OF_JOB,
  readChoice,
  SHIPS_ON,
  type Readable,
} from '../deployments/deployments.ts'
import { checkpoints, deployments, trainingJobs } from '../schema.ts'

/** An entry of the ledger, with the decision at that time; null in entries of older versions. */
export interface LedgerEntry extends Deployment {
  choice: FrozenChoice | null
  /** SHA-256 of the shipped files; null until they are live. */
  digest: string | null
}

export interface LedgerQuery {
  model_name?: string | undefined
  deployment_ids?: readonly string[] | undefined
  limit: number
}

/** Entries of the ledger, newest first. */
export async function ledger(
  { orm }: Readable,
  { model_name, deployment_ids, limit }: LedgerQuery,
): Promise<LedgerEntry[]> {
  const { deployment_id, created_at } = deployments
  const rows = await entries(orm)
    .where(
      and(
        model_name === undefined ? undefined : eq(deployments.model_name, model_name),
        deployment_ids && inArray(deployment_id, [...deployment_ids]),
      ),
    )
    .orderBy(desc(created_at), deployment_id)
    .limit(limit)
  return rows.map(entryOf)
}

/** The entry that was live before another one of the same model, host and target, with other files. */
export async function liveBefore(
  { orm }: Readable,
  live: Deployment,
): Promise<LedgerEntry | undefined> {
  const { model_name, target, status, ended_at, checkpoint_id, contents } = deployments
  const rows = await entries(orm)
    .where(
      and(
        eq(model_name, live.model_name),
        eq(target, live.target),
        eq(status, 'done'),
        eq(SHIPS_ON, live.host_id ?? ''),
        lt(ended_at, live.ended_at ?? 0),
        or(ne(checkpoint_id, live.checkpoint_id), ne(contents, live.contents)),
      ),
    )
    .orderBy(desc(ended_at))
    .limit(1)
  return rows.map(entryOf)[0]
}

/** The names of all models, the last ordered first. */
export async function modelNames({ orm }: Readable, limit: number): Promise<string[]> {
  const { model_name, created_at } = deployments
  const rows = await orm
    .select({ model_name })
    .from(deployments)
    .groupBy(model_name)
    .orderBy(desc(sql`max(${created_at})`), model_name)
    .limit(limit)
  return rows.map((row) => row.model_name)
}

function entries(orm: Readable['orm']) {
  return orm
    .select({ ...FACE, choice: deployments.choice, digest: deployments.digest })
    .from(deployments)
    .innerJoin(trainingJobs, OF_JOB)
    .innerJoin(checkpoints, OF_CHECKPOINT)
}

function entryOf(row: LedgerEntry): LedgerEntry {
  return { ...row, choice: readChoice(row.choice) }
}
