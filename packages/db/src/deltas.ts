import type { Series } from '@bestmark/core'
import { sql } from 'drizzle-orm'
import { listAttempts, type AttemptRow } from './attempts.ts'
import type { Database } from './client.ts'
import { ordinalOf, placeOfOrdinal, rewindsOf } from './joined.ts'
import { concatenate, cut } from './loggedSeries.ts'
import { measuredPoints, rewindsOfPoints, seriesOfPoints } from './measuredSeries.ts'
import type { SeriesKind } from './series.ts'

/** New points of a series, as a subscription brings them. */
export interface SeriesDelta extends Series {
  name: string
  kind: SeriesKind
  /** Where the first of these points stands; points below the reader's `next_ordinal` are known. */
  from_ordinal: number
  next_ordinal: number
  /** A later attempt went back: first drop points with a step above this one. Null: only append. */
  rewound_to: number | null
}

/** Points of one attempt, none of them known to the reader. */
interface Piece extends Series {
  attempt: number
  place: number
}

/** The most chunks of one series that one delta brings; the next one goes on from there. */
const MOST_CHUNKS = 64

/** What came to some series of a job. */
export interface News {
  series: SeriesDelta[]
  /** Whether there is more than one answer should hold; ask again from the new ordinals. */
  more: boolean
}

/** What came to some series of a job since the ordinals; series without news are left out. */
export async function seriesSince(
  db: Database,
  job_id: string,
  ordinals: Readonly<Record<string, number>>,
): Promise<News> {
  const names = Object.keys(ordinals)
  if (names.length === 0) return { series: [], more: false }
  const attempts = await listAttempts(db.orm, job_id)
  const measured = await measuredSince(db, job_id, ordinals, attempts)
  const known = new Set(measured.names)
  const logged = names.filter((name) => !known.has(name))
  const { series, more } = await loggedSince(db, job_id, logged, ordinals, attempts)
  return { series: [...measured.deltas, ...series], more }
}

async function measuredSince(
  { orm }: Database,
  job_id: string,
  ordinals: Readonly<Record<string, number>>,
  attempts: readonly AttemptRow[],
): Promise<{ names: string[]; deltas: SeriesDelta[] }> {
  const points = await measuredPoints(orm, [job_id], Object.keys(ordinals))
  const byName = Map.groupBy(points, ({ metric }) => metric)
  const deltas = [...byName].flatMap(([name, own]) => {
    const from = ordinals[name] ?? 0
    const fresh = own.filter(({ attempt, place }) => ordinalOf(attempt, place) >= from)
    const pieces = [...Map.groupBy(fresh, ({ attempt }) => attempt)].map(([attempt, group]) => {
      return { attempt, place: group[0]?.place ?? 0, ...seriesOfPoints(group) }
    })
    const rewinds = rewindsOfPoints(own, attempts)
    return joined({ name, kind: 'evaluation' }, from, pieces, rewinds)
  })
  return { names: [...byName.keys()], deltas }
}

type ChunkTail = {
  name: string
  attempt: number
  place: number
  steps: Buffer
  values: Buffer
  times: Buffer
}

async function loggedSince(
  { orm }: Database,
  job_id: string,
  names: readonly string[],
  ordinals: Readonly<Record<string, number>>,
  attempts: readonly AttemptRow[],
): Promise<News> {
  if (names.length === 0) return { series: [], more: false }
  const from = names.map((name) => placeOfOrdinal(ordinals[name] ?? 0))
  const tail = (column: string) =>
    sql.raw(`substring(${column} from 1 + 8 * skip::int) as ${column}`)
  const rows = await orm.execute<ChunkTail>(sql`
    select name, attempt, ordinal + skip as place,
      ${tail('steps')}, ${tail('values')}, ${tail('times')}
    from unnest(
      ${sql.param(names)}::text[],
      ${sql.param(from.map(({ attempt }) => attempt))}::int[],
      ${sql.param(from.map(({ place }) => place))}::bigint[]
    ) as asked (asked_name, known_attempt, known_place),
    lateral (
      select *, case when attempt = known_attempt
        then greatest(known_place - ordinal, 0) else 0 end as skip
      from series_chunks
      where job_id = ${job_id} and name = asked_name
        and (attempt > known_attempt or (attempt = known_attempt and ordinal + count > known_place))
      order by attempt, ordinal limit ${MOST_CHUNKS}
    ) as chunk
    order by name, attempt, ordinal`)
  const byName = Map.groupBy(rows, ({ name }) => name)
  const more = [...byName.values()].some((own) => own.length === MOST_CHUNKS)
  const series = [...byName].flatMap(([name, own]) => {
    const pieces = own.map(({ attempt, place, steps, values, times }): Piece => {
      return { attempt, place, steps: floats(steps), values: floats(values), times: floats(times) }
    })
    const rewinds = rewindsOf(attempts, (attempt) => {
      return pieces.find((piece) => piece.attempt === attempt)?.steps[0] ?? 0
    })
    return joined({ name, kind: 'logged' }, ordinals[name] ?? 0, pieces, rewinds)
  })
  return { series, more }
}

function floats(bytes: Buffer): Float64Array {
  return new Float64Array(new Uint8Array(bytes).buffer)
}

/** The pieces as one delta, later attempts taking the place of what they went back behind. */
function joined(
  named: { name: string; kind: SeriesKind },
  from: number,
  pieces: readonly Piece[],
  rewinds: ReturnType<typeof rewindsOf>,
): SeriesDelta[] {
  const [first, last] = [pieces[0], pieces.at(-1)]
  if (!first || !last) return []
  const known = placeOfOrdinal(from)
  const present = new Set(pieces.map(({ attempt }) => attempt))
  const kept = pieces.map((piece) => {
    const to_step = rewinds.keptUpTo(piece.attempt, present)
    return cut(piece, { from_step: -Infinity, to_step })
  })
  const rewound_to = from === 0 ? Infinity : rewinds.keptUpTo(known.attempt, present)
  return [
    {
      ...named,
      from_ordinal: ordinalOf(first.attempt, first.place),
      next_ordinal: ordinalOf(last.attempt, last.place + last.steps.length),
      rewound_to: rewound_to === Infinity ? null : rewound_to,
      ...concatenate(kept),
    },
  ]
}
