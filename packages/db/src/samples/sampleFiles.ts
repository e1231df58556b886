import type { ContentState } from '@bestmark/core'
import { and, asc, desc, eq, inArray, isNotNull, isNull, sql } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import { changeJob, type Tx } from '../rows/job.ts'
import { type JobRow, sampleContents, samples, trainingJobs } from '../schema.ts'
import { storeContent } from './recordSamples.ts'
import { MOST_CONTENT } from './limits.ts'

/** A sample whose file was not opened yet. */
export interface UnreadSample {
  sample_id: string
  path: string
}

/** What was found of an unread file. It stays `unread` if only its size is known. */
export type ReadSample = { sample_id: string } & (
  | { content: Buffer; kind: 'image' | 'audio'; media_type: string }
  | { content_state: Exclude<ContentState, 'stored'>; bytes: number | null }
)

/** What of a job's row shows that its checkpoints or its samples changed. */
export type SampleRevisions = Pick<JobRow, 'checkpoints_revision' | 'samples_revision'>

/** The revisions at which the checkpoints and the samples of a job changed last; 0 if never. */
export async function sampleRevisions(
  db: Database,
  job_id: string,
): Promise<SampleRevisions | undefined> {
  const { checkpoints_revision, samples_revision } = trainingJobs
  const [job] = await db.orm
    .select({ checkpoints_revision, samples_revision })
    .from(trainingJobs)
    .where(eq(trainingJobs.job_id, job_id))
    .prepare('sample_revisions')
    .execute()
  return job
}

/** Samples whose files were not opened yet, the newest first. */
export async function unreadSamples(
  db: Database,
  job_id: string,
  limit: number,
): Promise<UnreadSample[]> {
  const { sample_id, path, content_state, step, prompt_index } = samples
  const rows = await db.orm
    .select({ sample_id, path })
    .from(samples)
    .where(and(eq(samples.job_id, job_id), eq(content_state, 'unread'), isNotNull(path)))
    .orderBy(sql`${step} desc nulls last`, desc(samples.attempt), asc(prompt_index))
    .limit(limit)
  return rows.flatMap(({ sample_id, path }) => (path === null ? [] : [{ sample_id, path }]))
}

/** A sample's file that the board knows. */
export type StoredSample = Pick<typeof samples.$inferSelect, 'prompt_index' | 'step_from'>

/** The samples of a job that have a file, by its path. */
export async function samplesByPath(
  db: Database,
  job_id: string,
): Promise<Map<string, StoredSample>> {
  const { path, prompt_index, step_from } = samples
  const rows = await db.orm
    .select({ path, prompt_index, step_from })
    .from(samples)
    .where(and(eq(samples.job_id, job_id), isNotNull(path)))
  return new Map(rows.flatMap(({ path, ...row }) => (path === null ? [] : [[path, row]])))
}

/**
 * Stores what was found of unread files. If the files of a job take more than `most` bytes, those of
 * the lowest steps are dropped, and those of the best step last.
 */
export async function storeSampleFiles(
  db: Database,
  job_id: string,
  read: readonly ReadSample[],
  most = MOST_CONTENT,
): Promise<void> {
  if (read.length === 0) return
  await changeJob(db, job_id, async (tx, job, revision) => {
    for (const one of read) {
      if ('content' in one) await storeContent(tx, { job_id, revision }, one.sample_id, one)
      else await noteFile(tx, { job_id, revision }, one)
    }
    await dropContents(tx, { job_id, revision, best_step: job.best_step, most })
    return { set: { samples_revision: revision }, answer: undefined }
  })
}

async function noteFile(
  tx: Tx,
  { job_id, revision }: { job_id: string; revision: number },
  { sample_id, content_state, bytes }: Exclude<ReadSample, { content: Buffer }>,
): Promise<void> {
  await tx
    .update(samples)
    .set({ content_state, bytes, revision })
    .where(
      and(
        eq(samples.job_id, job_id),
        eq(samples.sample_id, sample_id),
        // Another sender may have stored it meanwhile.
        eq(samples.content_state, 'unread'),
      ),
    )
}

interface Space {
  job_id: string
  revision: number
  best_step: number | null
  most: number
}

async function dropContents(tx: Tx, { job_id, revision, best_step, most }: Space): Promise<void> {
  const { sample_id, step, attempt, prompt_index, content_state } = samples
  const order = sql`(${step} is not distinct from ${best_step}::bigint) desc,
    ${step} desc nulls last, ${attempt} desc, ${prompt_index}, ${sample_id}`
  const total = sql<number>`sum(${samples.bytes}) over (order by ${order})`.as('total')
  const sums = tx
    .select({ sample_id, total })
    .from(samples)
    .where(
      and(
        eq(samples.job_id, job_id),
        // A file that is sent soon takes its space before.
        inArray(content_state, ['stored', 'unread']),
        isNotNull(samples.bytes),
      ),
    )
    .as('sums')
  const over = await tx
    .select({ sample_id: sums.sample_id })
    .from(sums)
    .where(sql`${sums.total} > ${most}`)
  const ids = over.map((row) => row.sample_id)
  if (ids.length === 0) return
  const here = and(eq(sampleContents.job_id, job_id), inArray(sampleContents.sample_id, ids))
  await tx.delete(sampleContents).where(here)
  await tx
    .update(samples)
    .set({ content_state: 'dropped', revision })
    .where(and(eq(samples.job_id, job_id), inArray(sample_id, ids)))
}

/**
 * Gives samples that only have an epoch the step of the first checkpoint of that epoch and attempt;
 * returns how many.
 */
export async function inferSampleSteps(db: Database, job_id: string): Promise<number> {
  const waiting = and(eq(samples.job_id, job_id), isNull(samples.step), isNotNull(samples.epoch))
  if ((await db.orm.$count(samples, waiting)) === 0) return 0
  return changeJob(db, job_id, async (tx, _job, revision) => {
    const changed = await tx.execute(sql`
      update samples set step = saved.step, step_from = 'epoch', revision = ${revision}
      from (select attempt, epoch, min(step) as step from checkpoints
        where job_id = ${job_id} and step is not null and epoch is not null
        group by attempt, epoch) as saved
      where samples.job_id = ${job_id} and samples.step is null
        and saved.attempt = samples.attempt and saved.epoch = samples.epoch
      returning samples.sample_id`)
    const answer = changed.length
    return answer === 0 ? { answer } : { set: { samples_revision: revision }, answer }
  })
}
