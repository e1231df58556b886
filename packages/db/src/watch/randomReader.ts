import { ownValue, setOwn, type TrainingJobStatus } from '@bestmark/core'
import { setTimeout as sleep } from 'node:timers/promises'
import { type CheckpointRow, listCheckpoints } from '../selection/checkpoints.ts'
import type { Database } from '../connection/client.ts'
import type { SeriesDelta } from '../series/deltas.ts'
import { type Deployment, listDeployments } from '../deployments/deployments.ts'
import { jobStatus } from '../jobs/jobs.ts'
import type { LogLine } from '../logs/logLine.ts'
import { jobLogs } from '../logs/logPage.ts'
import { readSeries } from '../series/series.ts'
import { type Delta, watch } from './watch.ts'

/** Numbers in [0, 1) that are the same for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** What a page shows of a job. */
export interface Seen {
  status: Partial<TrainingJobStatus>
  /** Steps and values of each series. */
  series: Record<string, [steps: number[], values: number[]]>
  checkpoints: CheckpointRow[]
  logs: LogLine[]
  deployments: Deployment[]
}

const ALL = 100_000

/** Everything that a page shows, read at once. */
export async function readAll(db: Database, job_id: string, names: string[]): Promise<Seen> {
  const series = await readSeries(db, job_id, { names, points: ALL })
  return {
    status: lasting(await jobStatus(db, job_id)),
    series: Object.fromEntries(
      series.map(({ name, steps, values }) => [name, [[...steps], [...values]]]),
    ),
    checkpoints: await listCheckpoints(db, job_id),
    logs: await jobLogs(db, job_id, { limit: ALL }),
    deployments: (await listDeployments(db, { job_id })).toReversed(),
  }
}

/** A status without the fields that change with time. */
function lasting(status: TrainingJobStatus | undefined): Partial<TrainingJobStatus> {
  return { ...status, eta_seconds: null }
}

/** A page that is opened once, sometimes loses its connection, and continues from what it has. */
export class RandomReader {
  readonly #db: Database
  readonly #job_id: string
  readonly #names: string[]
  readonly #random: () => number
  readonly #ordinals = new Map<string, number>()
  #revision = 0
  readonly seen: Seen = { status: {}, series: {}, checkpoints: [], logs: [], deployments: [] }

  constructor(db: Database, job_id: string, names: string[], seed: number) {
    this.#db = db
    this.#job_id = job_id
    this.#names = names
    this.#random = randomOf(seed)
  }

  /** Follows the job until it has a revision. */
  async follow(last: () => number): Promise<void> {
    for (const one of await readSeries(this.#db, this.#job_id, {
      names: this.#names,
      points: ALL,
    })) {
      this.#ordinals.set(one.name, one.next_ordinal)
      setOwn(this.seen.series, one.name, [[...one.steps], [...one.values]])
    }
    // A page waits a little between its first read and its subscription.
    await sleep(300 * this.#random())
    while (this.#revision < last()) {
      const jobs = [{ job_id: this.#job_id, revision: this.#revision }]
      const ordinals = Object.fromEntries(this.#ordinals)
      const series = { job_id: this.#job_id, names: this.#names, ordinals }
      const signal = AbortSignal.timeout(60_000)
      for await (const delta of watch(this.#db, { jobs, series }, signal)) {
        await this.#apply(delta)
        if (this.#revision >= last() || this.#random() < 0.2) break
        if (this.#random() < 0.3) await sleep(200 * this.#random())
      }
    }
  }

  async #apply(delta: Delta): Promise<void> {
    const { seen } = this
    seen.status = lasting(delta.status)
    for (const one of delta.series) this.#grow(one)
    const ids = new Set(delta.deployments.map(({ deployment_id }) => deployment_id))
    const others = seen.deployments.filter(({ deployment_id }) => !ids.has(deployment_id))
    seen.deployments = [...others, ...delta.deployments]
    this.#revision = delta.revision
    if (delta.checkpoints) seen.checkpoints = await listCheckpoints(this.#db, this.#job_id)
    if (delta.logs) seen.logs = await jobLogs(this.#db, this.#job_id, { limit: ALL })
  }

  #grow({ name, from_ordinal, next_ordinal, rewound_to, ...fresh }: SeriesDelta): void {
    let [steps, values] = ownValue(this.seen.series, name) ?? [[], []]
    let ordinal = this.#ordinals.get(name) ?? 0
    if (rewound_to !== null) {
      const beyond = steps.findIndex((step) => step > rewound_to)
      const kept = beyond === -1 ? steps.length : beyond
      ;[steps, values] = [steps.slice(0, kept), values.slice(0, kept)]
      ordinal = Math.min(ordinal, from_ordinal)
    }
    const overlap = Math.max(0, ordinal - from_ordinal)
    setOwn(this.seen.series, name, [
      [...steps, ...fresh.steps.subarray(overlap)],
      [...values, ...fresh.values.subarray(overlap)],
    ])
    this.#ordinals.set(name, Math.max(next_ordinal, rewound_to === null ? ordinal : 0))
  }
}
