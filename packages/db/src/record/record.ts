import { activityAfter, isFromRun, type EventOf, type TrainingEvent } from '@bestmark/core'
import { and, eq, ne } from 'drizzle-orm'
import {
  attemptFound,
  isAttemptLost,
  isFirstWrite,
  recordAttempts,
  type WriteAt,
} from '../rows/attempts.ts'
import { recordCheckpoints } from '../rows/checkpointRows.ts'
import type { Database } from '../connection/client.ts'
import { recordEvaluations } from '../rows/evaluations.ts'
import { forgetScores } from './forgetScores.ts'
import { forgetRun, type KeptCheckpoints, restoreDigests, takenDigests } from './forget.ts'
import { changeJob, type JobChanges, type LockedJob, type Tx } from '../rows/job.ts'
import { recordLogs } from '../logs/recordLogs.ts'
import { recordSamples, samplesIn } from '../samples/recordSamples.ts'
import { sources } from '../schema.ts'
import { appendPoints, closeTail } from '../rows/loggedPoints.ts'
import { reselect } from '../selection/selection.ts'
import { JobDeleted, JobMoved } from '../values/refused.ts'
import { DECIDING, factsAfter, storedAfter, touched } from './jobAfter.ts'
import {
  addLivePoints,
  isOnlyPoints,
  type LastWrite,
  pointsIn,
  takesLivePoints,
} from './livePoints.ts'

/** The source of scores measured after training; it adds to another source. */
export const SCORES = 'scores'

/** The events that a reader of a source read since `from`, and the cursor to continue from. */
export interface Batch {
  source: string
  /** The cursor where reading started; null at the beginning. */
  from: string | null
  to: string
  events: readonly TrainingEvent[]
  /** The events are the whole history, so the earlier records of the run are deleted. */
  replace?: boolean
  /** With `replace`: checkpoints that are not recorded again keep their rows, as missing. */
  keeps_checkpoints?: KeptCheckpoints
  /** The stored scores are deleted, because their file is read again. All else stays. */
  removes_scores?: boolean
  /** The folder that was read, if the job must be of this folder. */
  root?: string
  /** The events are of this folder, to which the job moves. */
  moved_to?: { output_dir: string; folder_id: string | null }
  /** What the last write of this recorder returned; then a few points need one short statement. */
  after?: LastWrite | undefined
  /**
   * A crash of the server may undo a write of a few points, because the files of the run still have
   * them. Then nothing waits for the disk.
   */
  relaxed?: boolean
}

export interface Recorded {
  /** False if another reader was first; then read again from `cursor`. */
  recorded: boolean
  revision: number
  cursor: string | null
  /** For the next batch of this recorder, if that may have a few points only. */
  last?: LastWrite | undefined
}

/**
 * Writes a batch and advances its source's cursor in one transaction, if the cursor is still at
 * `from`. So a repeated batch is written once. A source that begins when another source already
 * recorded the run replaces those records. Throws JobUnknown, JobMoved, and JobDeleted: a deleted
 * job records nothing until it is restored.
 */
export async function record(db: Database, job_id: string, batch: Batch): Promise<Recorded> {
  const live = await addLivePoints(db, batch)
  if (live) return { recorded: true, revision: live.job.revision, cursor: batch.to, last: live }
  return recordWhole(db, job_id, batch)
}

async function recordWhole(db: Database, job_id: string, batch: Batch): Promise<Recorded> {
  const { source, from, to, events } = batch
  return changeJob<Recorded>(db, job_id, async (tx, job, revision) => {
    if (job.deleted_at !== null) throw new JobDeleted(job)
    refuseMoved(job, batch.root)
    if (!(await advance(tx, { job_id, source, from, to, revision }))) {
      const cursor = await cursorOf(tx, job_id, source)
      return { answer: { recorded: false, revision: job.revision, cursor } }
    }
    const replace = batch.replace || (await isReadByAnotherSource(tx, { job_id, revision }, batch))
    const taken = replace ? await takenDigests(tx, job_id) : []
    const forgotten = {
      ...(replace && (await forgetRun(tx, job, revision, batch.keeps_checkpoints))),
      ...(batch.removes_scores && (await forgetScores(tx, job, revision))),
      ...batch.moved_to,
    }
    if (replace) await forgetOthers(tx, job_id, source)
    const isAnew = replace || batch.removes_scores
    const { tail, columns } = await write(tx, { ...job, ...forgotten }, revision, events, isAnew)
    await restoreDigests(tx, job_id, taken)
    const set = { ...forgotten, ...columns }
    const stored = { ...job, ...set, revision, changed_at: job.now }
    const isLive = !isAnew && tail !== undefined && isOnlyPoints(batch)
    const last =
      isLive && (await takesLivePoints(db, tx))
        ? { job: stored, tail, read_at: Date.now() }
        : undefined
    return { set, answer: { recorded: true, revision, cursor: to, last } }
  })
}

/** Throws JobMoved if the job is not of the folder that was read. */
function refuseMoved(job: LockedJob, root = job.output_dir): void {
  if (root !== job.output_dir) throw new JobMoved(job)
}

/**
 * Whether another source already recorded this run. Each source except the scores reads the whole
 * history, so two of them would record it twice.
 */
async function isReadByAnotherSource(
  tx: Tx,
  at: WriteAt,
  { source, from }: Batch,
): Promise<boolean> {
  if (from !== null || source === SCORES || isFirstWrite(at)) return false
  const others = and(ne(sources.source, source), ne(sources.source, SCORES))
  return (await tx.$count(sources, and(eq(sources.job_id, at.job_id), others))) > 0
}

/** The records of other sources were deleted too, so each is read again from its beginning. */
async function forgetOthers(tx: Tx, job_id: string, source: string): Promise<void> {
  await tx.delete(sources).where(and(eq(sources.job_id, job_id), ne(sources.source, source)))
}

/** Compares and swaps the source's cursor; false if another reader was first. */
async function advance(
  tx: Tx,
  step: { job_id: string; source: string; from: string | null; to: string; revision: number },
): Promise<boolean> {
  const { job_id, source, from, to: cursor, revision } = step
  const returned = { cursor: sources.cursor }
  if (from === null) {
    const begin = tx.insert(sources).values({ job_id, source, cursor, revision })
    return (await begin.onConflictDoNothing().returning(returned)).length > 0
  }
  const here = and(eq(sources.job_id, job_id), eq(sources.source, source), eq(sources.cursor, from))
  const swap = tx.update(sources).set({ cursor, revision }).where(here).returning(returned)
  return (await swap.prepare('swap_cursor').execute()).length > 0
}

/**
 * Writes what an agent found: files that changed, a process that ended, a heartbeat. `root` is the
 * folder where it was found, if the job must be of this folder. Throws JobUnknown and JobMoved.
 */
export async function recordFacts(
  db: Database,
  job_id: string,
  events: readonly TrainingEvent[],
  root?: string,
): Promise<Recorded> {
  return changeJob(db, job_id, async (tx, job, revision) => {
    refuseMoved(job, root)
    const { columns } = await write(tx, job, revision, events)
    return { set: columns, answer: { recorded: true, revision, cursor: null } }
  })
}

/** How far a source of a job was read; null if it was not read. */
export async function sourceCursor(
  db: Database,
  job_id: string,
  source: string,
): Promise<string | null> {
  return cursorOf(db.orm, job_id, source)
}

async function cursorOf(
  tx: Pick<Tx, 'select'>,
  job_id: string,
  source: string,
): Promise<string | null> {
  const [row] = await tx
    .select({ cursor: sources.cursor })
    .from(sources)
    .where(and(eq(sources.job_id, job_id), eq(sources.source, source)))
  return row?.cursor ?? null
}

/**
 * Writes rows of every kind for the events, then the facts that depend on them; the caller holds
 * the lock. `tail` is the length of the job's tail of points afterwards, if points were written.
 */
async function write(
  tx: Tx,
  stored: LockedJob,
  revision: number,
  events: readonly TrainingEvent[],
  anew = false,
): Promise<{ columns: JobChanges; tail: number | undefined }> {
  const job = await asSilent(tx, stored, events)
  const of = <Type extends TrainingEvent['type']>(...types: Type[]): EventOf<Type>[] =>
    events.filter((event): event is EventOf<Type> => (types as string[]).includes(event.type))
  const at = { job_id: job.job_id, revision }
  await recordAttempts(tx, at, of('started', 'ended'))
  const points = pointsIn(events)
  const isOver = of('ended').length > 0
  const tail = await (isOver ? closeTail(tx, at, points) : appendPoints(tx, at, points))
  await recordEvaluations(tx, at, of('evaluation'))
  await recordCheckpoints(tx, at, of('checkpoint', 'files'))
  await recordLogs(tx, at, of('log'))
  const samples = samplesIn(of('sample', 'log'))
  await recordSamples(tx, at, samples)
  const facts = factsAfter(job, events)
  const logged = storedAfter(job, of('started', 'evaluation', 'claim', 'setup'))
  const decides = anew || events.some(({ type }) => DECIDING.has(type))
  const selected = decides ? await reselect(tx, { ...job, ...facts, ...logged }) : {}
  if (job.status === 'lost' && facts.status !== 'lost') await attemptFound(tx, at, facts.attempt)
  const activity = events.some(isFromRun) ? activityAfter(job, job.now) : {}
  const sampled = samples.length > 0 ? { samples_revision: revision } : {}
  const change = { ...facts, ...activity, ...selected, ...logged, ...sampled }
  return { columns: { ...change, ...touched(job, events, revision) }, tail }
}

/** A job that was stopped for its silence and logs again comes back, as a lost job does. */
async function asSilent(
  tx: Tx,
  job: LockedJob,
  events: readonly TrainingEvent[],
): Promise<LockedJob> {
  const isOver = job.status === 'stopped' && job.ended_at === null
  const speaks = events.some((event) => isFromRun(event) || event.type === 'ended')
  const isSilent = isOver && speaks && (await isAttemptLost(tx, job.job_id, job.attempt))
  return isSilent ? { ...job, status: 'lost', error: null } : job
}
