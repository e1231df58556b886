import type { FieldOf, TrainingJobStatus } from '@bestmark/core'
import { createContext } from 'svelte'
import {
  api,
  type CheckpointList,
  type CheckpointMark,
  type Delta,
  type Deployment,
  type JobDetail,
  type NamedSeries,
  type SeriesDelta,
  type SeriesName,
} from '../api.ts'
import { readRanked } from './rankedCheckpoints.ts'
import { GrowingSeries } from './growingSeries.ts'
import { hostWords } from './host.ts'
import { Reread } from './reread.svelte.ts'
import { POINTS, RANKED, type JobSnapshot } from './snapshot.ts'
import { Watch } from './watch.svelte.ts'

/** The series that another part of the page follows, such as the grid of all metrics. */
export interface FollowedSeries {
  names: () => string[]
  /** The next ordinal of a series; undefined if it is not followed. */
  ordinal: (name: string) => number | undefined
  take: (deltas: readonly SeriesDelta[]) => void
}

/** One job as its page shows it: a snapshot that the subscription keeps up to date. */
export class LiveJob {
  /**
   * The newest status. Its selected fields are those of the listed checkpoints, so that all parts of
   * the page name the same best.
   */
  status: TrainingJobStatus = $derived.by(() => this.#statusNow())
  #newest: { status: TrainingJobStatus; revision: number }
  detail: JobDetail
  /** A text about the host if its agent is away, else null. */
  hostWords: string | null
  /** Every series that the job has, shown or not. */
  names: SeriesName[]
  /** The series that are shown. */
  series: NamedSeries[]
  /** The shown series unthinned in a zoomed window; null if `series` has all points. */
  closeUp = $state.raw<NamedSeries[] | null>(null)
  decided: CheckpointList
  /** The checkpoints for charts: all of a zoomed window, if the whole run has too many. */
  marks: readonly CheckpointMark[] = $derived.by(() => this.#closeMarks ?? this.decided.marks)
  #closeMarks = $state.raw<CheckpointMark[] | null>(null)
  deployments: Deployment[]
  readonly watch: Watch
  /** Also followed, with the shown series. */
  also: FollowedSeries | null = null
  /** Called with each change after the job has taken it. */
  #listeners: ((delta: Delta) => void)[] = []
  #shown: string[]
  #wanted: string[]
  /** The steps of the requested close-up. */
  #window: readonly [number, number] | null = null
  /** How many checkpoints are read, the first by rank. */
  #most: number = RANKED.limit
  #growing: Map<string, GrowingSeries>

  constructor(snapshot: JobSnapshot, shown: string[]) {
    this.#newest = $state.raw(snapshot.decided)
    this.detail = $state.raw(snapshot.detail)
    this.hostWords = $state(
      hostWords(snapshot.detail, snapshot.decided.status.host, snapshot.read_at),
    )
    this.names = $state.raw(snapshot.names)
    this.series = $state.raw(snapshot.series)
    this.decided = $state.raw(snapshot.decided)
    this.deployments = $state.raw(snapshot.deployments)
    this.#shown = shown
    this.#wanted = shown
    this.#growing = growing(snapshot.series)
    this.watch = new Watch(
      () => this.#watching(),
      (delta) => this.apply(delta),
      () => this.#failed.forEach((one) => one.ask()),
    )
  }

  apply(delta: Delta): void {
    this.#take(delta)
    const shown = delta.series.filter(({ name }) => this.#shown.includes(name))
    for (const points of shown) this.#grow(points)
    if (shown.length > 0) this.series = [...this.#growing.values()].map(({ view }) => view)
    this.also?.take(delta.series)
    // The detail counts the samples.
    if (delta.checkpoints || delta.samples) this.#checkpoints.ask()
    for (const deployment of delta.deployments) this.putDeployment(deployment)
    for (const listener of this.#listeners) listener(delta)
  }

  /** Calls a listener with each change until the returned function is called. */
  listen(listener: (delta: Delta) => void): () => void {
    this.#listeners = [...this.#listeners, listener]
    return () => (this.#listeners = this.#listeners.filter((one) => one !== listener))
  }

  /** Adds a deployment, or replaces its older version. */
  putDeployment(deployment: Deployment): void {
    const others = this.deployments.filter(
      ({ deployment_id }) => deployment_id !== deployment.deployment_id,
    )
    this.deployments = [deployment, ...others].sort((a, b) => b.created_at - a.created_at)
  }

  /** Shows other series, once they are read. */
  show(names: string[]): void {
    if (names.join('\n') === this.#wanted.join('\n')) return
    this.#wanted = names
    this.#curves.ask()
  }

  /** Reads more checkpoints, so that at least `most` are there if the job has them. */
  readCheckpoints(most: number): void {
    if (most <= this.#most || this.decided.next_cursor === null) return
    this.#most = most
    this.#checkpoints.ask()
  }

  /** Reads a window of steps unthinned, or returns to the whole with null. */
  look(steps: readonly [number, number] | null): void {
    this.closeUp = null
    this.#closeMarks = null
    const thinned = this.series.some(({ count, values }) => count > values.length)
    this.#window = thinned || this.#hasMoreMarks ? steps : null
    this.#zoom.ask()
  }

  /** Follows until the returned function is called; made for `onMount`. */
  follow = (): (() => void) => {
    const leave = this.watch.follow()
    return () => {
      leave()
      for (const one of this.#rereads) one.stop()
    }
  }

  /** Why a part of the page could not be read again; empty while all is up to date. */
  get problem(): string {
    return this.#failed[0]?.problem ?? ''
  }

  get id(): string {
    return this.status.job_id
  }

  #statusNow(): TrainingJobStatus {
    return { ...this.#newest.status, ...selectedOf(this.decided.status) }
  }

  #take(read: { status: TrainingJobStatus; revision: number }): void {
    if (read.revision >= this.#newest.revision) this.#newest = read
  }

  #watching() {
    const also = this.also?.names() ?? []
    const names = [...this.#shown, ...also.filter((name) => !this.#shown.includes(name))]
    const ordinal = (name: string) => {
      const shown = this.#shown.includes(name)
        ? (this.#growing.get(name)?.next_ordinal ?? 0)
        : Infinity
      return Math.min(shown, this.also?.ordinal(name) ?? Infinity)
    }
    const ordinals = Object.fromEntries(names.map((name) => [name, ordinal(name)]))
    return { jobs: [this.id], series: { job_id: this.id, names, ordinals } }
  }

  #grow(points: Delta['series'][number]): void {
    const existing = this.#growing.get(points.name)
    if (existing) return existing.append(points)
    const begun = new GrowingSeries({ ...EMPTY, name: points.name, kind: points.kind })
    begun.append(points)
    this.#growing.set(points.name, begun)
  }

  #checkpoints = new Reread(async () => {
    const job = { job_id: this.id }
    const [decided, names, detail] = await Promise.all([
      readRanked(this.id, this.#most),
      api.series.names.query(job),
      api.jobs.detail.query(job),
    ])
    this.#take(decided)
    this.hostWords = hostWords(detail, this.status.host, Date.now())
    Object.assign(this, { decided, names, detail })
  })

  #curves = new Reread(async () => {
    const names = this.#wanted
    const series = await api.series.read.query({ job_id: this.id, names, points: POINTS })
    this.#shown = names
    this.#growing = growing(series)
    this.series = series
    this.closeUp = null
    this.#closeMarks = null
    this.watch.renew()
  })

  #zoom = new Reread(async () => {
    const steps = this.#window
    if (!steps) return
    const [from_step, to_step] = steps
    const window = { job_id: this.id, from_step, to_step }
    const [closeUp, marks] = await Promise.all([
      api.series.read.query({ ...window, names: this.#shown, points: POINTS }),
      this.#hasMoreMarks ? api.checkpoints.marks.query(window) : null,
    ])
    if (this.#window !== steps) return
    this.closeUp = closeUp
    this.#closeMarks = marks
  })

  #rereads = [this.#checkpoints, this.#curves, this.#zoom]

  get #hasMoreMarks(): boolean {
    return this.decided.total > this.decided.marks.length
  }

  get #failed(): Reread[] {
    return this.#rereads.filter(({ problem }) => problem !== '')
  }
}

/** The fields that are written with the selection; a new one does not compile until it is here. */
function selectedOf(status: TrainingJobStatus): Pick<TrainingJobStatus, FieldOf<'selected'>> {
  const { best_step, best_epoch, best_checkpoint_id, best_checkpoint_path } = status
  const { best_metric, best_metric_name, best_eval_loss } = status
  return {
    ...{ best_step, best_epoch, best_checkpoint_id, best_checkpoint_path },
    ...{ best_metric, best_metric_name, best_eval_loss },
  }
}

const EMPTY = {
  count: 0,
  next_ordinal: 0,
  earlier: [],
  steps: new Float64Array(),
  values: new Float64Array(),
  times: new Float64Array(),
}

function growing(series: NamedSeries[]): Map<string, GrowingSeries> {
  return new Map(series.map((one) => [one.name, new GrowingSeries(one)]))
}

/** The job of the page, for its components. */
export const [getLiveJob, setLiveJob] = createContext<LiveJob>()
