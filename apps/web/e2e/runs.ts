import type { EventOf, TrainingEvent } from '@bestmark/core'
import { record, registerJob, type Database } from '@bestmark/db'
import { randomUUID } from 'node:crypto'

export const HOST = { host_id: '0c8f6a4e-7f0e-4b1c-9d57-0a51c4a8b001', host: 'tower' }

/** A run as the tests write it: some steps at a time, in the order of a trainer. */
export class Run {
  readonly job_id = randomUUID()
  readonly name: string
  #db: Database
  #cursor: string | null = null

  constructor(db: Database, name: string) {
    this.#db = db
    this.name = name
  }

  /** Registers the run and starts it. */
  async begin(
    change: Partial<EventOf<'started'>> = {},
    project = 'char-lm',
    is_stoppable = true,
  ): Promise<this> {
    const { job_id, name } = this
    const root = `/data/runs/${name}`
    await registerJob(this.#db, {
      job_id,
      ...HOST,
      root,
      name,
      project,
      status: 'starting',
      source: 'journal',
      is_stoppable,
    })
    await this.record({ ...STARTED, name, at: Date.now(), ...change })
    return this
  }

  async record(...events: TrainingEvent[]): Promise<void> {
    const to = String(Number(this.#cursor ?? 0) + events.length)
    await record(this.#db, this.job_id, { source: 'journal', from: this.#cursor, to, events })
    this.#cursor = to
  }

  /** The whole curve of a run that overfits after the step where `evals` is lowest. */
  async train(evals: readonly number[], every = 100): Promise<this> {
    for (const [index, eval_loss] of evals.entries()) {
      const step = every * (index + 1)
      await this.record(
        metrics(step - every / 2, 4 / (index + 1) + 0.2),
        metrics(step, 4 / (index + 1)),
        evaluation(step, eval_loss),
        checkpoint(step),
      )
    }
    return this
  }
}

const moment = (step: number) => ({ attempt: 0, step, epoch: step / 100, at: Date.now() })

export function metrics(step: number, loss: number): EventOf<'metrics'> {
  return { type: 'metrics', ...moment(step), values: { loss } }
}

export function evaluation(
  step: number,
  eval_loss: number,
  others: Record<string, number> = {},
): EventOf<'evaluation'> {
  return {
    type: 'evaluation',
    ...moment(step),
    values: { eval_loss, ...others },
    samples: 64,
    origin: null,
    lines: {},
    directions: {},
    scored_by: null,
  }
}

export function checkpoint(step: number): EventOf<'checkpoint'> {
  return {
    type: 'checkpoint',
    ...moment(step),
    path: `checkpoint-${step}`,
    role: null,
    kind: null,
    base: null,
    files_state: 'complete',
    files_why: null,
    bytes: 1_400_000,
    signature: null,
    digest: null,
    checked_at: Date.now(),
  }
}

export function ended(
  status: EventOf<'ended'>['status'],
  error: string | null = null,
): EventOf<'ended'> {
  return { type: 'ended', attempt: 0, at: Date.now(), status, error }
}

const STARTED: EventOf<'started'> = {
  type: 'started',
  attempt: 0,
  at: null,
  name: null,
  project: 'char-lm',
  total_steps: 1000,
  total_epochs: 10,
  resumed_from: null,
  loss_unit: 'nats_per_token',
  metric_for_best: null,
  direction: null,
  declared_by: null,
  metric_is_inferred: false,
  save_steps: 100,
  config: { seed: 1, learning_rate: 0.003 },
}
