import type { TrainingJobStatus } from '@bestmark/core'
import type { Database } from '../connection/client.ts'
import { type ReaderState, type News, seriesSince, type SeriesDelta } from '../series/deltas.ts'
import { type Deployment, deploymentsSince } from '../deployments/deployments.ts'
import { statusOf } from '../rows/job.ts'
import type { JobRow } from '../schema.ts'

/**
 * What changed of a job since a reader's revision. All readers share it, so it must not be changed.
 */
export interface Delta {
  job_id: string
  /** The reader's position after this delta. */
  revision: number
  status: TrainingJobStatus
  /** New points of the series that are watched. */
  series: SeriesDelta[]
  /** Checkpoints, evaluations or what decides changed: list the checkpoints again. */
  checkpoints: boolean
  /** Deployments that changed. */
  deployments: Deployment[]
  /** Log lines were added. */
  logs: boolean
  /** Samples were added, or their files were stored. */
  samples: boolean
}

/** How much of one job a reader has. Readers with equal keys have the same. */
export interface Position {
  readonly key: string
  /** The last revision that the reader has in full. */
  readonly revision: number
  /** The reader has the series from the beginning of this `history_revision`. */
  readonly history: number
  /** The next ordinal of each series that the reader follows. */
  readonly ordinals: Readonly<Record<string, number>>
}

export function positionAt(
  revision: number,
  ordinals: readonly (readonly [name: string, next_ordinal: number])[] = [],
  history = 0,
): Position {
  const sorted = [...ordinals].sort(([a], [b]) => (a < b ? -1 : 1))
  const key = JSON.stringify([revision, history, sorted])
  return { key, revision, history, ordinals: Object.fromEntries(sorted) }
}

/** A delta, and the reader's position after it. */
export interface Step {
  delta: Delta
  next: Position
}

const NO_NEWS = { series: [], more: false }

/** Reads the changes of a job's row for a reader; `measured` is stored for the next readers. */
export async function stepFrom(
  db: Database,
  row: JobRow,
  position: Position,
  measured: MeasuredNames,
): Promise<Step> {
  const { job_id } = row
  const since = position.revision
  const follows = Object.keys(position.ordinals).length > 0 && row.series_revision > since
  const news = follows ? await newsOf(db, row, position, measured) : NO_NEWS
  const shipped = row.deployments_revision > since
  const deployments = shipped ? await deploymentsSince(db, job_id, since) : []
  // Some points are not sent yet, so the reader does not have this revision in full.
  const revision = news.more ? since : row.revision
  const delta: Delta = {
    job_id,
    revision,
    status: statusOf(row),
    series: news.series,
    checkpoints: row.checkpoints_revision > since,
    deployments,
    logs: row.logs_revision > since,
    samples: row.samples_revision > since,
  }
  return { delta, next: positionAfter(position, delta, follows ? row.history_revision : 0) }
}

async function newsOf(
  db: Database,
  row: JobRow,
  { revision, history, ordinals }: Position,
  measured: MeasuredNames,
): Promise<News> {
  const isEvaluated = row.checkpoints_revision > revision
  const reader: ReaderState = {
    measured: isEvaluated ? undefined : measured.get(row, ordinals),
    // While a long series is sent in pieces, the reader's revision stays; the dropped points stay
    // dropped.
    outdated: row.history_revision > Math.max(revision, history),
  }
  const news = await seriesSince(db, row.job_id, ordinals, reader)
  measured.set(row, ordinals, news.measured)
  return news
}

function positionAfter(before: Position, { revision, series }: Delta, history: number): Position {
  const ordinals = new Map(Object.entries(before.ordinals))
  for (const { name, next_ordinal } of series) ordinals.set(name, next_ordinal)
  return positionAt(revision, [...ordinals], Math.max(before.history, history))
}

/** The most lists of names that are stored for one job. */
const MOST_LISTS = 32

/**
 * Which of the followed series are measured on held-out data. The list is valid until the next
 * evaluation, and saves reading all evaluations for each delta.
 */
export class MeasuredNames {
  readonly #lists = new Map<string, ReadonlySet<string>>()
  #checkpoints_revision = -1

  get({ checkpoints_revision }: JobRow, ordinals: Position['ordinals']) {
    if (checkpoints_revision !== this.#checkpoints_revision) return undefined
    return this.#lists.get(keyOf(ordinals))
  }

  set(
    { checkpoints_revision }: JobRow,
    ordinals: Position['ordinals'],
    measured: ReadonlySet<string>,
  ): void {
    if (checkpoints_revision < this.#checkpoints_revision) return
    const isNewer = checkpoints_revision > this.#checkpoints_revision
    if (isNewer || this.#lists.size >= MOST_LISTS) this.#lists.clear()
    this.#checkpoints_revision = checkpoints_revision
    this.#lists.set(keyOf(ordinals), measured)
  }
}

function keyOf(ordinals: Position['ordinals']): string {
  return JSON.stringify(Object.keys(ordinals))
}
