import { randomUUID } from 'node:crypto'
import { isUri, PROMPT, type PromptState } from '@bestmark/core'
import {
  and,
  asc,
  desc,
  eq,
  getTableColumns,
  gt,
  isNotNull,
  lte,
  notInArray,
  sql,
} from 'drizzle-orm'
import type { Database, Orm } from '../connection/client.ts'
import { deploymentById, SHIPS_ON } from '../deployments/deployments.ts'
import { announceToHost } from '../rows/hostNews.ts'
import { clock } from '../rows/clock.ts'
import { transaction, type Tx } from '../rows/job.ts'
import { lastCheckpoint } from '../rows/lastCheckpoint.ts'
import { deployments, prompts, targets, trainingJobs } from '../schema.ts'
import { absolutePath } from '../values/root.ts'
import { Refused } from '../values/refused.ts'

/** A prompt for a shipped model, and what was written. */
export type Prompt = typeof prompts.$inferSelect

/** A prompt with what an agent needs for it. */
export interface OpenPrompt extends Pick<Prompt, 'job_id' | 'prompt_id' | 'prompt'> {
  /** The folder of the shipped version. */
  shipped_path: string
  /** The last complete checkpoint of the job; null if it is the shipped one, or in an object store. */
  last: { absolute_path: string; step: number | null } | null
}

/** A prompt that waits for longer (ms) is answered no more. */
const LATEST = 60_000
/** So many prompts of a shipment are kept. */
const KEPT = 20

/** The kind of target that answers prompts. */
const ANSWERS = 'playground'

type OfShipment = Pick<Prompt, 'job_id' | 'deployment_id'>

/**
 * Orders the shipped model and the last checkpoint of its job to write after a prompt. Throws Refused if
 * it was not shipped to a playground, or if it still writes.
 */
export async function orderPrompt(
  db: Database,
  order: OfShipment & { prompt: string; by?: string | undefined },
): Promise<Prompt> {
  const { job_id, deployment_id, prompt, by } = order
  if (prompt.trim() === '' || prompt.length > PROMPT.longest)
    throw new Refused(`A prompt has 1 to ${PROMPT.longest} characters.`)
  const shipped = await deploymentById(db, job_id, deployment_id)
  return transaction(db, async (tx) => {
    const isThere = shipped?.status === 'done' && (await isPlayground(tx, shipped))
    if (!isThere)
      throw new Refused('Only a model that was shipped to a target of kind playground can write.')
    // Two orders at once wait for each other.
    await tx
      .select({ deployment_id: deployments.deployment_id })
      .from(deployments)
      .where(and(eq(deployments.job_id, job_id), eq(deployments.deployment_id, deployment_id)))
      .for('update')
    if ((await lastPrompt(tx, order))?.state === 'queued')
      throw new Refused('It still writes. Wait for its answer.')
    await removeOld(tx, order)
    const { host_id } = shipped
    const wake = host_id ? announceToHost(host_id, { kind: 'prompt', job_id }) : sql`null`
    const what = { job_id, deployment_id, prompt_id: randomUUID(), prompt }
    const [row] = await tx
      .insert(prompts)
      .values({ ...what, by: by?.trim() || null, state: 'queued', created_at: clock })
      .returning({ ...getTableColumns(prompts), wake })
    if (!row) throw new Error('The prompt was written but cannot be read.')
    const { wake: _wake, ...made } = row
    return made
  })
}

/** Whether a target of a host answers prompts. */
export async function isPlayground(
  orm: Pick<Orm, 'select'>,
  { host_id, target }: { host_id: string | null; target: string },
): Promise<boolean> {
  const [row] = await orm
    .select({ kind: targets.kind })
    .from(targets)
    .where(and(eq(targets.host_id, host_id ?? ''), eq(targets.name, target)))
  return row?.kind === ANSWERS
}

async function removeOld(tx: Tx, of: OfShipment): Promise<void> {
  const kept = await tx
    .select({ prompt_id: prompts.prompt_id })
    .from(prompts)
    .where(isOf(of))
    .orderBy(desc(prompts.created_at))
    .limit(KEPT - 1)
  const ids = kept.map(({ prompt_id }) => prompt_id)
  await tx.delete(prompts).where(and(isOf(of), notInArray(prompts.prompt_id, ids)))
}

function isOf({ job_id, deployment_id }: OfShipment) {
  return and(eq(prompts.job_id, job_id), eq(prompts.deployment_id, deployment_id))
}

/** The last prompt of a shipment; undefined if there was none. */
export async function lastPrompt(
  orm: Pick<Orm, 'select'>,
  of: OfShipment,
): Promise<Prompt | undefined> {
  const [row] = await orm
    .select({ row: prompts, isLate: sql<boolean>`${lte(prompts.created_at, oldest)}` })
    .from(prompts)
    .where(isOf(of))
    .orderBy(desc(prompts.created_at))
    .limit(1)
  if (!row) return undefined
  return row.row.state === 'queued' && row.isLate ? { ...row.row, state: 'late' } : row.row
}

const oldest = sql`${clock} - ${LATEST}::int`

/** The oldest prompt that waits for a host; undefined if there is none. */
export async function openPrompt(db: Database, host_id: string): Promise<OpenPrompt | undefined> {
  const { job_id, prompt_id, prompt } = prompts
  const { path: shipped_path, checkpoint_id } = deployments
  const [row] = await db.orm
    .select({
      ...{ job_id, prompt_id, prompt, shipped_path, checkpoint_id },
      root: trainingJobs.output_dir,
    })
    .from(prompts)
    .innerJoin(
      deployments,
      and(eq(deployments.job_id, job_id), eq(deployments.deployment_id, prompts.deployment_id)),
    )
    .innerJoin(trainingJobs, eq(trainingJobs.job_id, job_id))
    .where(
      and(
        eq(prompts.state, 'queued'),
        gt(prompts.created_at, oldest),
        eq(SHIPS_ON, host_id),
        isNotNull(shipped_path),
      ),
    )
    .orderBy(asc(prompts.created_at))
    .limit(1)
  if (!row) return undefined
  const { checkpoint_id: shipped, root, ...open } = row
  const last = await lastCheckpoint(db.orm, row.job_id)
  const isOther = last !== undefined && last.checkpoint_id !== shipped && !isUri(last.path)
  return {
    ...{ ...open, shipped_path: open.shipped_path ?? '' },
    last: isOther ? { absolute_path: absolutePath(root, last.path), step: last.step } : null,
  }
}

/** What was written, or why nothing was. */
export type Written = Pick<Prompt, 'shipped' | 'last' | 'last_step' | 'error'> & {
  state: Extract<PromptState, 'answered' | 'failed'>
}

/** Records what was written after a prompt. The first answer counts. */
export async function answerPrompt(
  db: Database,
  { job_id, prompt_id }: Pick<Prompt, 'job_id' | 'prompt_id'>,
  written: Written,
): Promise<void> {
  await db.orm
    .update(prompts)
    .set({ ...written, ended_at: clock })
    .where(
      and(
        eq(prompts.job_id, job_id),
        eq(prompts.prompt_id, prompt_id),
        eq(prompts.state, 'queued'),
      ),
    )
}
