import { type EventOf, hasEnded, type TrainingEvent } from '@bestmark/core'
import { type AttemptRow, listAttempts } from '../rows/attempts.ts'
import type { Database } from '../connection/client.ts'
import { evaluationEvents } from './exportedEvaluations.ts'
import { inOrder } from './order.ts'
import { loggedEvents, openPieces, usageEvents } from './exportedSeries.ts'
import { checkpointEvents, logEvents } from './exportedRows.ts'
import { sampleEvents } from './exportedSamples.ts'
import type { Tx } from '../rows/job.ts'
import { snapshot } from '../rows/snapshot.ts'
import { claimOf, decidingRows } from '../selection/selection.ts'
import type { JobRow } from '../schema.ts'
import { type Shipment, shipmentsOf } from '../deployments/shipments.ts'

/** What an export has beside the job's events. */
export interface ExportedJob {
  job: JobRow
  /** Paths of the checkpoints that a person wants kept. */
  pinned: string[]
  /** The shipments of its checkpoints, oldest first. */
  shipments: Shipment[]
}

/**
 * Exports a job as events that restore it: each series, evaluation (with repeats and scores),
 * checkpoint and stored log line, by attempt and step. All events are of one moment, and at most one
 * chunk per series is in memory. Undefined if there is no such job.
 */
export async function exportJob(
  db: Database,
  job_id: string,
  begin: (job: ExportedJob) => Promise<void>,
  write: (event: TrainingEvent) => Promise<void>,
): Promise<ExportedJob | undefined> {
  return snapshot(db, async (tx) => {
    const rows = await decidingRows(tx, job_id)
    if (!rows) return undefined
    const { job, checkpoints } = rows
    const pinned = checkpoints.filter((row) => row.pinned).map(({ path }) => path)
    const exported = { job, pinned, shipments: await shipmentsOf(tx, job_id) }
    await begin(exported)
    for await (const event of eventsOf(tx, job)) await write(event)
    return exported
  })
}

async function* eventsOf(tx: Tx, job: JobRow): AsyncGenerator<TrainingEvent> {
  const attempts = await listAttempts(tx, job.job_id)
  const evaluations = await evaluationEvents(tx, job)
  const checkpoints = await checkpointEvents(tx, job.job_id)
  const open = await openPieces(tx, job.job_id)
  const logged = await loggedEvents(tx, job, open)
  const usage = await usageEvents(tx, job, open)
  const ofRows = [...evaluations, ...checkpoints].map(({ attempt }) => attempt)
  const streamed = [...logged.keys(), ...usage.keys()]
  const numbers = [...attempts.map(({ attempt }) => attempt), ...streamed, ...ofRows]
  const order = [...new Set(numbers)].sort((a, b) => a - b)
  for (const attempt of order) {
    const row = attempts.find((one) => one.attempt === attempt)
    if (row && wasStarted(row)) yield startedEvent(job, row)
    if (attempt === order[0]) yield* setupEvents(job, attempt)
    yield* usage.get(attempt) ?? []
    const streams = [
      logged.get(attempt) ?? [],
      evaluations.filter((event) => event.attempt === attempt),
      checkpoints.filter((event) => event.attempt === attempt),
    ]
    yield* inOrder(streams)
    if (attempt === order.at(-1)) {
      yield* sampleEvents(tx, job.job_id)
      yield* logEvents(tx, job.job_id)
      yield* endOf(job)
    }
    const ended = row && endedEvent(attempt === order.at(-1) ? withJobsEnd(row, job) : row)
    if (ended) yield ended
  }
}

function* setupEvents(job: JobRow, attempt: number): Generator<EventOf<'setup'>> {
  const { setup_config: config, environment } = job
  if (Object.keys({ ...config, ...environment }).length === 0) return
  yield { type: 'setup', attempt, at: null, config, environment }
}

function* endOf(job: JobRow): Generator<TrainingEvent> {
  const { attempt, updated_at: at } = job
  const claim = claimOf(job)
  if (claim) yield { type: 'claim', attempt, at: null, origin: null, ...claim }
  if (at !== null && job.status !== 'queued') yield { type: 'heartbeat', attempt, at }
}

/** An attempt that ended before it began has only the row of its end. */
function wasStarted({
  started_at,
  total_steps,
  resumed_from,
  ended_at,
  status,
}: AttemptRow): boolean {
  const hasFacts = [started_at, total_steps, resumed_from].some((value) => value !== null)
  return hasFacts || (ended_at === null && status !== 'failed')
}

function startedEvent(job: JobRow, row: AttemptRow): EventOf<'started'> {
  const { declared_metric, declared_direction: direction, declared_by, config } = job
  const { metric_is_inferred } = job
  const { name, project, total_epochs, loss_unit, save_steps } = job
  const { attempt, started_at: at, total_steps, resumed_from } = row
  const declared = { metric_for_best: declared_metric, direction, declared_by, metric_is_inferred }
  const totals = { total_steps, total_epochs, save_steps, resumed_from, loss_unit }
  return { type: 'started', attempt, at, name, project, ...totals, ...declared, config }
}

/** A last attempt that ended unseen is lost, so that it may come back. How its job ended is with the job. */
function withJobsEnd(row: AttemptRow, { status, error, end_cause }: JobRow): AttemptRow {
  return row.status === 'lost' && hasEnded(status) ? { ...row, status, error, end_cause } : row
}

function endedEvent({
  attempt,
  ended_at,
  status,
  error,
  end_cause: cause,
}: AttemptRow): EventOf<'ended'> | undefined {
  const isEnd = status === 'completed' || status === 'failed' || status === 'stopped'
  if (!isEnd && status !== 'lost') return undefined
  const event = { type: 'ended', attempt, at: ended_at, status, error } as const
  return cause ? { ...event, cause } : event
}
