import { bestAndLast } from '@bestmark/core'
import { and, eq, gte, lte, or, type SQL, sql } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import { checkpoints, sampleContents, samples, trainingJobs } from '../schema.ts'
import { Refused } from '../values/refused.ts'

/** A sample as the board shows it. `revision` changes with its content. */
export type Sample = Omit<typeof samples.$inferSelect, 'job_id'>

/** Which samples of a job; all of them where nothing is given. */
export interface SampleQuery {
  from_step?: number | undefined
  to_step?: number | undefined
  /** `next_cursor` of the previous page. */
  cursor?: string | undefined
  /** The most samples, 500 by default. */
  limit?: number | undefined
}

export interface SamplePage {
  samples: Sample[]
  /** Null if no samples follow. */
  next_cursor: string | null
}

/** The samples to look at first: those nearest to the best checkpoint, and the last ones. */
export interface SamplePair {
  best: Sample[]
  /** Steps from the best checkpoint to its samples; 0 without a best. */
  distance: number
  last: Sample[]
}

/** The most characters of a page, so that long texts do not make a page of megabytes. */
const LONGEST_PAGE = 1_000_000

const COLUMNS = {
  ...{ sample_id: samples.sample_id, attempt: samples.attempt, step: samples.step },
  ...{ epoch: samples.epoch, step_from: samples.step_from, prompt_index: samples.prompt_index },
  ...{ prompt: samples.prompt, kind: samples.kind, text: samples.text, path: samples.path },
  ...{ at: samples.at, content_state: samples.content_state, media_type: samples.media_type },
  ...{ bytes: samples.bytes, revision: samples.revision },
}

const stepRank = sql`coalesce(${samples.step}, -1)`
const ORDER = [stepRank, samples.attempt, samples.prompt_index, samples.sample_id]

/**
 * A page of samples by step, attempt and prompt; those without a step come first. It has at least
 * one sample if there is one. Throws Refused for an invalid cursor.
 */
export async function listSamples(
  db: Database,
  job_id: string,
  { from_step, to_step, cursor, limit = 500 }: SampleQuery = {},
): Promise<SamplePage> {
  const rows = await db.orm
    .select(COLUMNS)
    .from(samples)
    .where(
      and(
        eq(samples.job_id, job_id),
        from_step === undefined ? undefined : gte(samples.step, from_step),
        to_step === undefined ? undefined : lte(samples.step, to_step),
        cursor === undefined ? undefined : after(cursor),
      ),
    )
    .orderBy(...ORDER)
    .limit(limit + 1)
  const page = fitting(rows.slice(0, limit))
  const last = page.at(-1)
  return { samples: page, next_cursor: last && page.length < rows.length ? cursorOf(last) : null }
}

function fitting(rows: readonly Sample[]): Sample[] {
  let characters = 0
  const end = rows.findIndex(({ text, prompt }, at) => {
    characters += (text?.length ?? 0) + (prompt?.length ?? 0)
    return at > 0 && characters > LONGEST_PAGE
  })
  return end === -1 ? [...rows] : rows.slice(0, end)
}

function cursorOf({ step, attempt, prompt_index, sample_id }: Sample): string {
  return [step ?? -1, attempt, prompt_index, sample_id].join('.')
}

const CURSOR = /^(-1|\d{1,16})\.(\d{1,9})\.(\d{1,9})\.([\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12})$/

function after(cursor: string): SQL {
  const [, step, attempt, index, id] = CURSOR.exec(cursor) ?? []
  if (id === undefined) {
    throw new Refused('This page link is no longer valid. Go back to the first page.')
  }
  const keys = sql`${step}::bigint, ${attempt}::integer, ${index}::integer, ${id}::uuid`
  return sql`(${sql.join(ORDER, sql`, `)}) > (${keys})`
}

/** The samples nearest to the best checkpoint of a job, and its last ones. */
export async function samplePair(db: Database, job_id: string): Promise<SamplePair> {
  const { attempt, step } = samples
  const sampled = await db.orm
    .selectDistinct({ attempt, step })
    .from(samples)
    .where(eq(samples.job_id, job_id))
  if (sampled.length === 0) return { best: [], distance: 0, last: [] }
  const pair = bestAndLast(sampled, await bestOf(db, job_id))
  const wanted = [pair.best, pair.last].filter((one) => one !== undefined)
  const rows = await db.orm
    .select(COLUMNS)
    .from(samples)
    .where(
      and(
        eq(samples.job_id, job_id),
        or(
          ...wanted.map((one) =>
            and(eq(attempt, one.attempt), sql`${step} is not distinct from ${one.step}::bigint`),
          ),
        ),
      ),
    )
    .orderBy(...ORDER)
    .limit(MOST_IN_PAIR)
  const of = (one: (typeof wanted)[number] | undefined) =>
    rows.filter((row) => one && row.attempt === one.attempt && row.step === one.step)
  return { best: of(pair.best), distance: pair.distance, last: of(pair.last) }
}

/** The most samples of a pair; a program that makes more is read with `listSamples`. */
const MOST_IN_PAIR = 200

async function bestOf(db: Database, job_id: string) {
  const { attempt, step } = checkpoints
  const [best] = await db.orm
    .select({ attempt, step })
    .from(trainingJobs)
    .innerJoin(
      checkpoints,
      and(
        eq(checkpoints.job_id, trainingJobs.job_id),
        eq(checkpoints.checkpoint_id, trainingJobs.best_checkpoint_id),
      ),
    )
    .where(eq(trainingJobs.job_id, job_id))
  return best ?? null
}

/** The stored file of a sample, and what it is; undefined if the board does not have it. */
export async function sampleContent(
  db: Database,
  job_id: string,
  sample_id: string,
): Promise<{ content: Uint8Array; media_type: string } | undefined> {
  const here = and(eq(samples.job_id, job_id), eq(samples.sample_id, sample_id))
  const [row] = await db.orm
    .select({ content: sampleContents.content, media_type: samples.media_type })
    .from(samples)
    .innerJoin(
      sampleContents,
      and(
        eq(sampleContents.job_id, samples.job_id),
        eq(sampleContents.sample_id, samples.sample_id),
      ),
    )
    .where(here)
  if (!row || row.media_type === null) return undefined
  return { content: new Uint8Array(row.content), media_type: row.media_type }
}

/** How many samples a job has. */
export async function countSamples(db: Database, job_id: string): Promise<number> {
  return db.orm.$count(samples, eq(samples.job_id, job_id))
}
