import { TrainingEvent } from '@bestmark/core'
import { randomUUID } from 'node:crypto'
import type { Database } from './connection/client.ts'
import { type JobRegistration, registerJob } from './jobs/registration.ts'
import { recordFacts } from './record/record.ts'

/** An event as a journal's line has it, with the defaults filled in; attempt 0 by default. */
export function event(
  line: { type: TrainingEvent['type'] } & Record<string, unknown>,
): TrainingEvent {
  return TrainingEvent.parse({ attempt: 0, ...line })
}

export const metrics = (step: number, values: Record<string, unknown>, attempt = 0) =>
  event({ type: 'metrics', attempt, step, at: 1_000 * step, values })

export const evaluation = (step: number, eval_loss: unknown, attempt = 0) =>
  event({
    type: 'evaluation',
    attempt,
    step,
    epoch: step / 100,
    at: 1_000 * step,
    values: { eval_loss },
  })

export const checkpoint = (step: number, attempt = 0, path = `checkpoint-${step}`) =>
  event({ type: 'checkpoint', attempt, step, path, files_state: 'complete', bytes: 10 })

export const started = (attempt = 0, resumed_from: number | null = null) =>
  event({ type: 'started', attempt, at: 1_000 * attempt, total_steps: 1_000, resumed_from })

export const ended = (attempt = 0) =>
  event({ type: 'ended', attempt, at: 1_000 * attempt + 500, status: 'failed' })

/** Adds a job without events to the board. */
export async function newJob(db: Database, more: Partial<JobRegistration> = {}): Promise<string> {
  const job_id = more.job_id ?? randomUUID()
  await registerJob(db, {
    job_id,
    host_id: randomUUID(),
    host: 'workstation',
    root: `/runs/${job_id}`,
    name: 'moby',
    project: 'examples',
    status: 'starting',
    source: 'journal',
    ...more,
  })
  return job_id
}

/** Records events in one transaction. */
export async function recordEvents(
  db: Database,
  job_id: string,
  ...events: readonly TrainingEvent[]
): Promise<void> {
  await recordFacts(db, job_id, events)
}
