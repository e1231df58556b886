import { randomUUID } from 'node:crypto'
import { recordFacts, registerJob, type Database } from '@bestmark/db'
import { TrainingEvent } from '@bestmark/core'

/** How many events are recorded at once. */
const PIECE = 10_000

type Line = { type: TrainingEvent['type'] } & Record<string, unknown>

/** Records a run whose events are made one by one. */
export async function recordRun(
  db: Database,
  project: string,
  steps: number,
  eventsAt: (step: number) => readonly Line[],
): Promise<string> {
  const job_id = randomUUID()
  const named = { name: project, project, host: 'bench', host_id: randomUUID() }
  const where = { root: `/runs/${job_id}`, source: 'journal' }
  await registerJob(db, { job_id, ...named, ...where, status: 'running' })
  let events: TrainingEvent[] = []
  for (let step = 1; step <= steps; step++) {
    for (const line of eventsAt(step)) events.push(TrainingEvent.parse({ attempt: 0, ...line }))
    if (events.length < PIECE && step < steps) continue
    await recordFacts(db, job_id, events)
    events = []
  }
  return job_id
}

/** Copies a job with all its rows, as further jobs; returns their ids. */
export async function copyJob(db: Database, job_id: string, copies: number): Promise<string[]> {
  const ids = Array.from({ length: copies }, () => randomUUID())
  await db.sql`
    insert into training_jobs
    select copied.* from training_jobs as job,
      unnest(${ids}::uuid[]) with ordinality as copy (id, number),
      jsonb_populate_record(job, jsonb_build_object('job_id', copy.id,
        'name', job.name || ' ' || copy.number, 'output_dir', job.output_dir || '/' || copy.number))
        as copied
    where job.job_id = ${job_id}`
  for (const table of ['attempts', 'evaluations', 'evaluation_curves', 'checkpoints']) {
    await db.sql`
      insert into ${db.sql(table)}
      select copied.* from ${db.sql(table)} as row, unnest(${ids}::uuid[]) as copy (id),
        jsonb_populate_record(row, jsonb_build_object('job_id', copy.id)) as copied
      where row.job_id = ${job_id}`
  }
  return ids
}
