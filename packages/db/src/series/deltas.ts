import { type Series, ownValue } from '@bestmark/core'
import { type Column, type SQL, sql } from 'drizzle-orm'
import { CHUNK } from '../rows/chunks.ts'
import type { Database } from '../connection/client.ts'
import { piecesOf, seriesChunks } from '../schema.ts'
import {
  joinedAttempts,
  type JoinedAttempt,
  ordinalOf,
  attemptAndIndex,
  type Rewinds,
  rewinding,
  rewindsOf,
} from '../rows/joined.ts'
import { concatenate, cut, EMPTY } from './seriesParts.ts'
import {
  type MeasuredPoint,
  measuredPoints,
  rewindsOfPoints,
  seriesOfPoints,
} from './measuredSeries.ts'
import { loggedKind, type SeriesKind } from './series.ts'

/** New points of a series, as a subscription brings them. */
export interface SeriesDelta extends Series {
  name: string
  kind: SeriesKind
  /**
   * The ordinal of the first of these points. The reader has the points below its `next_ordinal`.
   */
  from_ordinal: number
  next_ordinal: number
  /**
   * A later attempt went back: first drop points with a step above this one. -1 drops every point,
   * as after a history that was recorded again. Null: only append.
   */
  rewound_to: number | null
}

/** Points of one attempt, none of which the reader has. */
interface Piece extends Series {
  attempt: number
  index: number
}

/** The most chunks of one series in one delta; the next delta continues from there. */
const MOST_CHUNKS = 64

/** The new points of some series of a job. */
export interface News {
  series: SeriesDelta[]
  /** Those of the requested names that are measured on held-out data. */
  measured: ReadonlySet<string>
  /** Whether there is too much for one answer; read again from the new ordinals. */
  more: boolean
}

/** What a reader has beside its ordinals. */
export interface ReaderState {
  /**
   * `measured` of the previous answer, if no evaluation arrived since. It saves reading all
   * evaluations.
   */
  measured?: ReadonlySet<string> | undefined
  /** The history was recorded again since, so its ordinals are invalid. */
  outdated?: boolean
}

/**
 * New points of some series of a job since the ordinals; series without new points are left out. An
 * outdated reader gets each series from its beginning, with `rewound_to` -1 even if the series is
 * empty now.
 */
export async function seriesSince(
  { orm }: Pick<Database, 'orm'>,
  job_id: string,
  ordinals: Readonly<Record<string, number>>,
  { measured, outdated = false }: ReaderState = {},
): Promise<News> {
  if (outdated) return fromBeginning(await seriesSince({ orm }, job_id, zeroed(ordinals)), ordinals)
  const points = measured ? [] : await measuredPoints(orm, [job_id], Object.keys(ordinals))
  const names = measured ?? new Set(points.map(({ metric }) => metric))
  const logged = Object.entries(ordinals).filter(([name]) => !names.has(name))
  const tails = await chunkTails(orm, job_id, logged)
  // Read last, so that each attempt with points is included.
  const attempts = await joinedAttempts(orm, [job_id])
  const evaluated = measuredSince(points, ordinals, attempts)
  const { series, more } = loggedSince(tails, logged, attempts)
  return { series: [...evaluated, ...series], measured: names, more }
}

function zeroed(ordinals: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.keys(ordinals).map((name) => [name, 0]))
}

/** The new points from the beginning, for a reader that must drop its points of each name. */
function fromBeginning(news: News, ordinals: Readonly<Record<string, number>>): News {
  const rewound_to = -1
  const newPoints = new Map(news.series.map((one) => [one.name, one]))
  const empty = { kind: 'logged', from_ordinal: 0, next_ordinal: 0, ...EMPTY } as const
  const series = Object.keys(ordinals).map((name): SeriesDelta => {
    return { name, ...(newPoints.get(name) ?? empty), rewound_to }
  })
  return { ...news, series }
}

function measuredSince(
  points: readonly MeasuredPoint[],
  ordinals: Readonly<Record<string, number>>,
  attempts: readonly JoinedAttempt[],
): SeriesDelta[] {
  const byName = Map.groupBy(points, ({ metric }) => metric)
  return [...byName].flatMap(([name, ofName]) => {
    const from = ownValue(ordinals, name) ?? 0
    const fresh = ofName.filter(({ attempt, index }) => ordinalOf(attempt, index) >= from)
    const pieces = [...Map.groupBy(fresh, ({ attempt }) => attempt)].map(([attempt, group]) => {
      return { attempt, index: group[0]?.index ?? 0, ...seriesOfPoints(group) }
    })
    const rewinds = rewindsOfPoints(ofName, attempts)
    return joined({ name, kind: 'evaluation' }, from, pieces, rewinds)
  })
}

/** The part of a chunk that a reader does not have. */
interface ChunkTail extends Series {
  name: string
  attempt: number
  index: number
}

/** Each series from an ordinal on: the rest of its attempt's chunks, and later attempts. */
async function chunkTails(
  orm: Database['orm'],
  job_id: string,
  requested: readonly [string, number][],
): Promise<ChunkTail[]> {
  if (requested.length === 0) return []
  const from = requested.map(([, ordinal]) => attemptAndIndex(ordinal))
  const names = sql.param(requested.map(([name]) => name))
  const attempts = sql.param(from.map(({ attempt }) => attempt))
  const indices = sql.param(from.map(({ index }) => index))
  // An open piece is long compared with its new points. It is a code and eight bytes per number.
  const tail = (column: Column) => {
    const name = sql.identifier(column.name)
    return sql`case when is_open then substring(${name} for 1) || substring(${name} from 2 + 8 * skip::int) else ${name} end`.mapWith(
      column,
    ) as SQL<Float64Array>
  }
  const { steps, values, times } = seriesChunks
  const rows = await orm
    .select({
      name: sql<string>`name`,
      attempt: sql<number>`attempt`,
      index: sql<number>`ordinal + skip`,
      unread: sql<number>`(count - skip)::int`,
      steps: tail(steps),
      values: tail(values),
      times: tail(times),
    })
    .from(
      sql`unnest(${names}::text[], ${attempts}::int[], ${indices}::bigint[])
          as requested (series_name, from_attempt, from_index),
        lateral (
          select *, greatest(from_index - ordinal, 0) as skip from ${piecesOf(job_id)}
          where attempt = from_attempt and name = series_name
            and ordinal > from_index - ${CHUNK} and ordinal + count > from_index
          union all
          select *, 0 as skip from ${piecesOf(job_id)}
          where attempt > from_attempt and name = series_name
          order by attempt, ordinal limit ${MOST_CHUNKS}
        ) as chunk`,
    )
    .orderBy(sql`name, attempt, ordinal`)
    .prepare('chunk_tails')
    .execute()
  return rows.map(({ unread, ...row }) => {
    const newest = (numbers: Float64Array) => numbers.subarray(numbers.length - unread)
    const series = {
      steps: newest(row.steps),
      values: newest(row.values),
      times: newest(row.times),
    }
    return { ...row, ...series }
  })
}

function loggedSince(
  tails: readonly ChunkTail[],
  requested: readonly [string, number][],
  attempts: readonly JoinedAttempt[],
): Omit<News, 'measured'> {
  const byName = Map.groupBy(tails, ({ name }) => name)
  const more = [...byName.values()].some((ofName) => ofName.length === MOST_CHUNKS)
  const series = requested.flatMap(([name, from]) => {
    const ofName = byName.get(name) ?? []
    const rewinds = rewindsOf(rewinding(name, attempts), (attempt) => {
      return ofName.find((piece) => piece.attempt === attempt)?.steps[0] ?? 0
    })
    const isWhole = ofName.length < MOST_CHUNKS
    return joined({ name, kind: loggedKind(name) }, from, ofName, rewinds, isWhole)
  })
  return { series, more }
}

/** The pieces as one delta. A later attempt replaces the steps that it repeats. */
function joined(
  named: { name: string; kind: SeriesKind },
  from: number,
  pieces: readonly Piece[],
  rewinds: Rewinds,
  isWhole = true,
): SeriesDelta[] {
  const [first, last] = [pieces[0], pieces.at(-1)]
  const end = last ? ordinalOf(last.attempt, last.index + last.steps.length) : from
  // Points that a later attempt replaced are not sent.
  const next_ordinal = isWhole ? Math.max(end, ordinalOf(rewinds.latest, 0)) : end
  if (!first && (from === 0 || next_ordinal === from)) return []
  const sent = attemptAndIndex(from)
  const present = new Set(pieces.map(({ attempt }) => attempt))
  const kept = pieces.map((piece) => {
    const to_step = rewinds.keptUpTo(piece.attempt, present)
    return cut(piece, { from_step: -Infinity, to_step })
  })
  const rewound_to = from === 0 ? Infinity : rewinds.keptUpTo(sent.attempt, present)
  return [
    {
      ...named,
      from_ordinal: first ? ordinalOf(first.attempt, first.index) : next_ordinal,
      next_ordinal,
      rewound_to: rewound_to === Infinity ? null : rewound_to,
      ...concatenate(kept),
    },
  ]
}
