import type { Series } from '@bestmark/core'
import type { Database } from './client.ts'

export type SeriesKind = 'logged' | 'evaluation'

/** A series of a job, joined over its attempts and thinned where it is long. */
export interface NamedSeries extends Series {
  name: string
  kind: SeriesKind
  /** How many points there are before thinning. */
  count: number
  /** Where the series goes on; hand it to `watch` to receive what comes after. */
  next_ordinal: number
}

/** New points of a series, as a subscription brings them. */
export interface SeriesDelta extends Series {
  name: string
  kind: SeriesKind
  /** Where the first of these points stands; those below the reader's `next_ordinal` are known. */
  from_ordinal: number
  next_ordinal: number
  /** A later attempt went back: drop points with a step above this one first. Null: append only. */
  rewound_to: number | null
}

export interface SeriesQuery {
  names: readonly string[]
  from_step?: number | undefined
  to_step?: number | undefined
  /** The most points to answer with, a series. */
  points: number
}

export interface SeriesName {
  name: string
  kind: SeriesKind
  count: number
}

export declare function readSeries(
  db: Database,
  job_id: string,
  query: SeriesQuery,
): Promise<NamedSeries[]>
export declare function seriesNames(db: Database, job_id: string): Promise<SeriesName[]>
