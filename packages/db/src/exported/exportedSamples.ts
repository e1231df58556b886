import type { EventOf } from '@bestmark/core'
import { and, asc, eq } from 'drizzle-orm'
import type { Tx } from '../rows/job.ts'
import { sampleContents, samples } from '../schema.ts'

/** The samples of a job in order of attempt and step; one file is in memory at a time. */
export async function* sampleEvents(tx: Tx, job_id: string): AsyncGenerator<EventOf<'sample'>> {
  const rows = await tx
    .select()
    .from(samples)
    .where(eq(samples.job_id, job_id))
    .orderBy(asc(samples.attempt), asc(samples.step), asc(samples.prompt_index))
  for (const row of rows) {
    const { attempt, step, epoch, step_from, kind, prompt_index, prompt } = row
    const { text, path, at, content_state, sample_id } = row
    const content = content_state === 'stored' ? await contentOf(tx, job_id, sample_id) : null
    const made = { attempt, at, step, epoch, step_from, kind, prompt_index, prompt, text, path }
    yield { type: 'sample', ...made, content, content_state }
  }
}

async function contentOf(tx: Tx, job_id: string, sample_id: string): Promise<string | null> {
  const [row] = await tx
    .select({ content: sampleContents.content })
    .from(sampleContents)
    .where(and(eq(sampleContents.job_id, job_id), eq(sampleContents.sample_id, sample_id)))
  return row ? row.content.toString('base64') : null
}
