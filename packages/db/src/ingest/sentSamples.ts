import { createHash } from 'node:crypto'
import { type ContentState, mediaOf } from '@bestmark/core'
import { and, eq, inArray, sql } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import { jobRow } from '../jobs/jobs.ts'
import { LARGEST_CONTENT } from '../samples/limits.ts'
import {
  type ReadSample,
  storeSampleFiles,
  type UnreadSample,
  unreadSamples,
} from '../samples/sampleFiles.ts'
import { sampleContents, samples } from '../schema.ts'
import { IngestRefused } from './ingestRefused.ts'
import { assertMaySend, type SenderLimit } from './sentJournal.ts'

/** How many files the board asks for at once. */
export const FILES_AT_ONCE = 100

/** What a sender says of the file of a sample: its digest and size, or why it cannot be sent. */
export type OfferedFile = { sample_id: string } & (
  | { sha256: string; bytes: number }
  | {
      content_state: Extract<ContentState, 'too_large' | 'not_media' | 'outside' | 'missing'>
      bytes: number | null
    }
)

/** Whether the board lacks files of samples of a job. */
export async function wantsFiles(db: Database, job_id: string): Promise<boolean> {
  return (await unreadSamples(db, job_id, 1)).length > 0
}

/** The files of samples that the board lacks, those of the highest steps first. Throws IngestRefused. */
export async function wantedFiles(
  db: Database,
  job_id: string,
  limit: SenderLimit,
): Promise<UnreadSample[]> {
  assertMaySend(limit, job_id, await jobRow(db, job_id))
  return unreadSamples(db, job_id, FILES_AT_ONCE)
}

/**
 * Notes what a sender offers; returns the samples whose files must be sent. Those with the bytes of
 * another sample of the job need not, nor those for which the job has no space. Throws IngestRefused.
 */
export async function noteOffered(
  db: Database,
  job_id: string,
  offered: readonly OfferedFile[],
  limit: SenderLimit,
): Promise<string[]> {
  assertMaySend(limit, job_id, await jobRow(db, job_id))
  const ids = offered.map(({ sample_id }) => sample_id)
  const unread = await unreadAmong(db, job_id, ids)
  const ours = offered.filter(({ sample_id }) => unread.has(sample_id))
  const asked = new Map<string, string>()
  const facts: ReadSample[] = []
  for (const one of ours) {
    if (!('sha256' in one)) facts.push(one)
    else if (one.bytes > LARGEST_CONTENT)
      facts.push({ ...one, content_state: 'too_large' as const })
    else if (await storeTwin(db, job_id, one)) continue
    else {
      if (!asked.has(one.sha256)) asked.set(one.sha256, one.sample_id)
      const { sample_id, bytes } = one
      if (unread.get(sample_id) !== bytes)
        facts.push({ sample_id, content_state: 'unread' as const, bytes })
    }
  }
  await storeSampleFiles(db, job_id, facts)
  return [...(await unreadAmong(db, job_id, [...asked.values()])).keys()]
}

/** Which of some samples have a file that was not read, with its size if it was offered. */
async function unreadAmong(
  db: Database,
  job_id: string,
  ids: string[],
): Promise<Map<string, number | null>> {
  if (ids.length === 0) return new Map()
  const { sample_id, bytes, content_state } = samples
  const rows = await db.orm
    .select({ sample_id, bytes })
    .from(samples)
    .where(and(eq(samples.job_id, job_id), inArray(sample_id, ids), eq(content_state, 'unread')))
  return new Map(rows.map((row) => [row.sample_id, row.bytes]))
}

/** Stores the file of a sample if another sample of the job has the same bytes. */
async function storeTwin(
  db: Database,
  job_id: string,
  { sample_id, sha256 }: { sample_id: string; sha256: string },
): Promise<boolean> {
  const digest = Buffer.from(sha256, 'hex')
  const [twin] = await db.orm
    .select({ content: sampleContents.content })
    .from(sampleContents)
    .where(
      and(eq(sampleContents.job_id, job_id), sql`sha256(${sampleContents.content}) = ${digest}`),
    )
    .limit(1)
  const media = twin && mediaOf(twin.content)
  if (!media) return false
  await storeSampleFiles(db, job_id, [{ sample_id, content: twin.content, ...media }])
  return true
}

/**
 * Stores the file of a sample, unless the board has it already; returns what the board has then.
 * Throws IngestRefused.
 */
export async function storeSent(
  db: Database,
  job_id: string,
  file: { sample_id: string; sha256: string; content: Buffer },
  limit: SenderLimit,
): Promise<ContentState> {
  const { sample_id, sha256, content } = file
  assertMaySend(limit, job_id, await jobRow(db, job_id))
  const before = await stateOf(db, job_id, sample_id)
  if (createHash('sha256').update(content).digest('hex') !== sha256) {
    throw new IngestRefused('file_differs', 'The file does not have this SHA-256. Send it again.')
  }
  if (before !== 'unread') return before
  const media = mediaOf(content)
  const refused = { content_state: 'not_media', bytes: content.length } as const
  await storeSampleFiles(db, job_id, [
    media ? { sample_id, content, ...media } : { sample_id, ...refused },
  ])
  return stateOf(db, job_id, sample_id)
}

/** What the board has of the file of a sample. Throws IngestRefused. */
export async function sentState(
  db: Database,
  job_id: string,
  sample_id: string,
  limit: SenderLimit,
): Promise<ContentState> {
  assertMaySend(limit, job_id, await jobRow(db, job_id))
  return stateOf(db, job_id, sample_id)
}

async function stateOf(db: Database, job_id: string, sample_id: string): Promise<ContentState> {
  const [row] = await db.orm
    .select({ content_state: samples.content_state })
    .from(samples)
    .where(and(eq(samples.job_id, job_id), eq(samples.sample_id, sample_id)))
  if (row) return row.content_state
  const text =
    'The job has no such sample. Send its journal first, then ask which files are wanted.'
  throw new IngestRefused('sample_unknown', text)
}
