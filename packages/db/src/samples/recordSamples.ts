import { type ContentState, type EventOf, mediaOf } from '@bestmark/core'
import { and, eq, inArray, sql } from 'drizzle-orm'
import type { WriteAt } from '../rows/attempts.ts'
import type { Tx } from '../rows/job.ts'
import { sampleContents, samples } from '../schema.ts'
import { storable } from '../values/storable.ts'
import { uuidv5 } from '../values/uuid.ts'
import { KEPT_SAMPLES, LARGEST_CONTENT, LONGEST_PROMPT, LONGEST_TEXT } from './limits.ts'

type SampleEvent = EventOf<'sample'>
type NewSample = typeof samples.$inferInsert

/** The samples among events. Older programs log a text of the model as a line with level `sample`. */
export function samplesIn(events: readonly EventOf<'sample' | 'log'>[]): SampleEvent[] {
  return events.flatMap((event): SampleEvent[] => {
    if (event.type === 'sample') return [event]
    const { attempt, at, step, level, text } = event
    if (level !== 'sample' || step === null) return []
    const unknown = { epoch: null, prompt: null, path: null, content: null, content_state: null }
    const one = { type: 'sample', kind: 'text', step_from: 'log', prompt_index: 0 } as const
    return [{ ...one, ...unknown, attempt, at, step, text }]
  })
}

/**
 * The id of a sample: of its file, or of a text at one step. A file that is recorded again is the
 * same sample.
 */
function sampleId(
  job_id: string,
  one: Pick<SampleEvent, 'attempt' | 'step' | 'epoch' | 'kind' | 'prompt_index' | 'path'>,
): string {
  const { attempt, step, epoch, kind, prompt_index, path } = one
  if (path !== null) return fileSampleId(job_id, path)
  return uuidv5(job_id, `sample text ${attempt} ${step} ${epoch} ${kind} ${prompt_index}`)
}

/** The id of the sample in a file. */
export function fileSampleId(job_id: string, path: string): string {
  return uuidv5(job_id, `sample file ${storable(path)}`)
}

/** Adds samples, and updates stored ones. Their files are opened later. */
export async function recordSamples(
  tx: Tx,
  at: WriteAt,
  events: readonly SampleEvent[],
): Promise<void> {
  if (events.length === 0) return
  const rows = new Map<string, NewSample>()
  for (const event of events) {
    const row = rowOf(at, event)
    rows.set(row.sample_id, row)
  }
  const all = [...rows.values()]
  for (let from = 0; from < all.length; from += 1_000) {
    await save(tx, all.slice(from, from + 1_000))
  }
  for (const event of events) await restoreContent(tx, at, event)
  await dropOldest(tx, at.job_id)
}

function rowOf(at: WriteAt, event: SampleEvent): NewSample {
  const { attempt, step, epoch, step_from, kind, prompt_index, path } = event
  const prompt = event.prompt?.slice(0, LONGEST_PROMPT) ?? null
  const text = event.text === null ? null : bounded(event.text)
  return {
    ...at,
    sample_id: sampleId(at.job_id, event),
    ...{ attempt, step, epoch, step_from, kind, prompt_index, path, prompt, text, at: event.at },
    content_state: stateOf(event),
  }
}

/** A sample is `stored` only once its content is. */
function stateOf({ path, text, content_state }: SampleEvent): ContentState {
  if (content_state !== null && content_state !== 'stored') return content_state
  if (path !== null) return 'unread'
  return text === null ? 'missing' : 'inline'
}

function bounded(text: string): string {
  const over = text.length - LONGEST_TEXT
  return over > 0 ? `${text.slice(0, LONGEST_TEXT)}… (${over} more characters)` : text
}

/** A stored file stays stored, even if its name is read again. */
async function save(tx: Tx, rows: NewSample[]): Promise<void> {
  const now = (column: string) => sql.raw(`excluded.${column}`)
  const isKept = `samples.content_state <> 'unread' and excluded.content_state = 'unread'`
  await tx
    .insert(samples)
    .values(rows)
    .onConflictDoUpdate({
      target: [samples.job_id, samples.sample_id],
      set: {
        ...{ attempt: now('attempt'), step: now('step'), epoch: now('epoch'), at: now('at') },
        ...{ step_from: now('step_from'), prompt_index: now('prompt_index'), kind: now('kind') },
        ...{ prompt: now('prompt'), text: now('text'), revision: now('revision') },
        content_state: sql.raw(
          `case when ${isKept} then samples.content_state else excluded.content_state end`,
        ),
      },
    })
}

/** Stores the content that an export has. Its type comes from its bytes. */
async function restoreContent(tx: Tx, at: WriteAt, event: SampleEvent): Promise<void> {
  if (event.content === null) return
  const content = Buffer.from(event.content, 'base64')
  const media = content.length <= LARGEST_CONTENT ? mediaOf(content) : undefined
  if (media) await storeContent(tx, at, sampleId(at.job_id, event), { content, ...media })
}

/** Stores the content of a sample. */
export async function storeContent(
  tx: Tx,
  { job_id, revision }: WriteAt,
  sample_id: string,
  { content, kind, media_type }: { content: Buffer; kind: 'image' | 'audio'; media_type: string },
): Promise<void> {
  await tx
    .insert(sampleContents)
    .values({ job_id, sample_id, content })
    .onConflictDoUpdate({
      target: [sampleContents.job_id, sampleContents.sample_id],
      set: { content },
    })
  await tx
    .update(samples)
    .set({ content_state: 'stored', kind, media_type, bytes: content.length, revision })
    .where(and(eq(samples.job_id, job_id), eq(samples.sample_id, sample_id)))
}

async function dropOldest(tx: Tx, job_id: string): Promise<void> {
  const over = (await tx.$count(samples, eq(samples.job_id, job_id))) - KEPT_SAMPLES
  if (over <= 0) return
  const oldest = tx
    .select({ sample_id: samples.sample_id })
    .from(samples)
    .where(eq(samples.job_id, job_id))
    .orderBy(sql`${samples.step} nulls first`, samples.attempt, samples.sample_id)
    .limit(over)
  await tx
    .delete(samples)
    .where(and(eq(samples.job_id, job_id), inArray(samples.sample_id, oldest)))
}
