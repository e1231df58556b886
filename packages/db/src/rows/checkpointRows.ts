import { type EventOf, OVERWRITTEN } from '@bestmark/core'
import { and, eq, max, sql } from 'drizzle-orm'
import { isFirstWrite, type WriteAt } from './attempts.ts'
import type { Tx } from './job.ts'
import { checkpoints } from '../schema.ts'
import { storable } from '../values/storable.ts'
import { uuidv5 } from '../values/uuid.ts'

type NewCheckpoint = typeof checkpoints.$inferInsert
type FilesEvent = EventOf<'checkpoint' | 'files'>

/** The id of what one attempt saved at one step under one path. */
export function checkpointId(
  job_id: string,
  { attempt, step, path }: { attempt: number; step: number | null; path: string },
): string {
  return uuidv5(job_id, `checkpoint ${attempt} ${step ?? '-'} ${storable(path)}`)
}

/** Adds checkpoints, and updates the file states of stored ones. */
export async function recordCheckpoints(
  tx: Tx,
  at: WriteAt,
  events: readonly FilesEvent[],
): Promise<void> {
  const saved = new Map<string, NewCheckpoint>()
  for (const event of events) {
    const checkpoint_id = checkpointId(at.job_id, event)
    const previous = saved.get(checkpoint_id)
    if (event.type === 'checkpoint')
      saved.set(checkpoint_id, { ...at, checkpoint_id, ...row(event) })
    else if (previous) saved.set(checkpoint_id, { ...previous, ...files(event) })
    else await noteFiles(tx, at, checkpoint_id, event)
  }
  const rows = await arrived(tx, at, [...saved.values()])
  for (let from = 0; from < rows.length; from += 1_000) {
    await save(tx, rows.slice(from, from + 1_000))
  }
  const paths = [...new Set(rows.map(({ path }) => path))]
  const isNew = isFirstWrite(at) && paths.length === rows.length
  if (paths.length === 0 || isNew) return
  await deleteMoved(tx, at, paths)
  await markOverwritten(tx, at, paths)
}

/** The rows with indexes that follow those of the job's stored rows. */
async function arrived(
  tx: Tx,
  at: WriteAt,
  rows: readonly NewCheckpoint[],
): Promise<NewCheckpoint[]> {
  if (rows.length === 0) return []
  const first = (isFirstWrite(at) ? 0 : await lastArrival(tx, at.job_id)) + 1
  return rows.map((row, index) => ({ ...row, arrival: first + index }))
}

async function lastArrival(tx: Tx, job_id: string): Promise<number> {
  const [last] = await tx
    .select({ arrival: max(checkpoints.arrival) })
    .from(checkpoints)
    .where(eq(checkpoints.job_id, job_id))
  return last?.arrival ?? 0
}

function row(event: EventOf<'checkpoint'>) {
  const { attempt, step, path, epoch, at: saved_at, role } = event
  return { attempt, step, path: storable(path), epoch, saved_at, role, ...files(event) }
}

function files(event: FilesEvent) {
  const { files_state, files_why, files_fault = null } = event
  const { bytes, checked_at, kind, base, signature, digest, serving = null } = event
  return {
    ...{ files_state, files_why, files_fault },
    ...{ bytes, checked_at, kind, base, signature, digest, serving },
  }
}

/** A digest belongs to the signature's files; if the signature changes, it is unknown. */
const CHANGED =
  'excluded.signature is not null and excluded.signature is distinct from checkpoints.signature'

/** Whether a row was overwritten in the history that is being recorded. */
const OVERWRITTEN_NOW = 'checkpoints.overwritten and checkpoints.arrival is not null'

/** A checkpoint that is recorded again is the same one; missing values keep their stored ones. */
async function save(tx: Tx, rows: NewCheckpoint[]): Promise<void> {
  const newOrStored = (column: string) =>
    sql.raw(`coalesce(excluded.${column}, checkpoints.${column})`)
  const unlessOverwritten = (column: string) =>
    sql.raw(`case when ${OVERWRITTEN_NOW} then checkpoints.${column} else excluded.${column} end`)
  await tx
    .insert(checkpoints)
    .values(rows)
    .onConflictDoUpdate({
      target: [checkpoints.job_id, checkpoints.checkpoint_id],
      set: {
        epoch: newOrStored('epoch'),
        saved_at: newOrStored('saved_at'),
        role: newOrStored('role'),
        bytes: newOrStored('bytes'),
        files_state: unlessOverwritten('files_state'),
        files_why: unlessOverwritten('files_why'),
        files_fault: unlessOverwritten('files_fault'),
        checked_at: unlessOverwritten('checked_at'),
        kind: newOrStored('kind'),
        base: newOrStored('base'),
        serving: newOrStored('serving'),
        signature: newOrStored('signature'),
        digest: sql.raw(`case when ${CHANGED} then excluded.digest
          else coalesce(excluded.digest, checkpoints.digest) end`),
        overwritten: sql.raw(OVERWRITTEN_NOW),
        arrival: sql`coalesce(${checkpoints.arrival}, excluded.arrival)`,
        revision: sql`excluded.revision`,
      },
    })
}

async function noteFiles(
  tx: Tx,
  { job_id, revision }: WriteAt,
  checkpoint_id: string,
  event: EventOf<'files'>,
): Promise<void> {
  const { files_state, files_why, files_fault, checked_at, digest, ...inspection } = files(event)
  const found = Object.entries(inspection).filter(([, value]) => value !== null)
  const state = { files_state, files_why, files_fault, checked_at }
  const set = { ...state, ...Object.fromEntries(found), revision }
  const { signature } = event
  const same = sql`${signature}::text is null or ${checkpoints.signature} = ${signature}`
  const now = sql`case when ${same} then coalesce(${digest}, ${checkpoints.digest}) else ${digest} end`
  const { overwritten } = checkpoints
  await tx
    .update(checkpoints)
    .set({ ...set, digest: now })
    .where(
      and(
        eq(checkpoints.job_id, job_id),
        eq(checkpoints.checkpoint_id, checkpoint_id),
        eq(overwritten, false),
      ),
    )
}

/**
 * A kept row whose files are recorded anew at another step was only joined to a wrong step. Its row is
 * deleted, unless a person pinned it or it was shipped.
 */
async function deleteMoved(tx: Tx, { job_id }: WriteAt, paths: readonly string[]): Promise<void> {
  await tx.execute(sql`
    delete from checkpoints as old using checkpoints as now
    where old.job_id = ${job_id} and old.arrival is null and not old.pinned and not old.overwritten
      and md5(old.path) in (select md5(path) from unnest(${sql.param(paths)}::text[]) as path)
      and now.job_id = old.job_id and md5(now.path) = md5(old.path) and now.path = old.path
      and now.arrival is not null and (
        now.signature is not distinct from old.signature or old.signature is null)
      and old.checkpoint_id not in (select checkpoint_id from deployments where job_id = ${job_id})`)
}

/** The latest checkpoint at a path replaces the earlier ones. */
async function markOverwritten(
  tx: Tx,
  { job_id, revision }: WriteAt,
  paths: readonly string[],
): Promise<void> {
  const list = sql.param(paths)
  await tx.execute(sql`
    update checkpoints as old
    set overwritten = true, files_state = 'missing', files_fault = null, revision = ${revision},
        files_why = case when later.attempt <> old.attempt
          then ${OVERWRITTEN.by_attempt}::text || ' ' || later.attempt::text
          else ${OVERWRITTEN.at_step}::text || ' ' || later.step::text end
    from checkpoints as later
    where old.job_id = ${job_id} and not old.overwritten
      and md5(old.path) in (select md5(path) from unnest(${list}::text[]) as path)
      and later.job_id = old.job_id and md5(later.path) = md5(old.path) and later.path = old.path
      and later.checkpoint_id = (
        select checkpoint_id from checkpoints as next
        where next.job_id = old.job_id and md5(next.path) = md5(old.path) and next.path = old.path
          and next.arrival > coalesce(old.arrival, 0)
        order by next.arrival limit 1)`)
}
