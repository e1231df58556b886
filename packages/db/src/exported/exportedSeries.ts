import { type EventOf, isSystem, type Series } from '@bestmark/core'
import { and, asc, eq } from 'drizzle-orm'
import type { Tx } from '../rows/job.ts'
import { seriesKey } from '../rows/points.ts'
import { type JobRow, seriesChunks, seriesPieces } from '../schema.ts'

interface Point {
  step: number
  value: number
  /** NaN if the run logged none. */
  time: number
}

/** One series of an attempt, with its next point. */
interface Open {
  name: string
  next: Point
  rest: AsyncGenerator<Point>
}

/** The points of each series that are not in a chunk yet, by `seriesKey`. */
export type OpenPieces = ReadonlyMap<string, Series>

/** Reads the tail of a job. Postgres joins all of it for any part, so it is read once. */
export async function openPieces(tx: Tx, job_id: string): Promise<OpenPieces> {
  const { attempt, name, steps, values, times, is_open } = seriesPieces
  const rows = await tx
    .select({ attempt, name, steps, values, times })
    .from(seriesPieces)
    .where(and(eq(seriesPieces.job_id, job_id), is_open))
  return new Map(rows.map((row) => [seriesKey(row), row]))
}

/** The logged points of each attempt of a job; points that were logged together are one event. */
export async function loggedEvents(
  tx: Tx,
  job: JobRow,
  open: OpenPieces,
): Promise<Map<number, AsyncGenerator<EventOf<'metrics'>>>> {
  return byAttempt(tx, job, open, (name) => !isSystem(name))
}

/** The machine usage of each attempt of a job. */
export async function usageEvents(
  tx: Tx,
  job: JobRow,
  open: OpenPieces,
): Promise<Map<number, AsyncGenerator<EventOf<'usage'>>>> {
  const streams = await byAttempt(tx, job, open, isSystem)
  return new Map([...streams].map(([attempt, points]) => [attempt, asUsage(points)]))
}

async function* asUsage(
  points: AsyncIterable<EventOf<'metrics'>>,
): AsyncGenerator<EventOf<'usage'>> {
  for await (const { attempt, at, step, values } of points) {
    yield { type: 'usage', attempt, at: at ?? step * 1000, used: values }
  }
}

async function byAttempt(
  tx: Tx,
  job: JobRow,
  open: OpenPieces,
  isWanted: (name: string) => boolean,
): Promise<Map<number, AsyncGenerator<EventOf<'metrics'>>>> {
  const { job_id, attempt, name, ordinal } = seriesPieces
  const rows = await tx
    .select({ attempt, name })
    .from(seriesPieces)
    .where(and(eq(job_id, job.job_id), eq(ordinal, 0)))
    .orderBy(asc(attempt), asc(name))
  const wanted = rows.filter((row) => isWanted(row.name))
  const byAttempt = Map.groupBy(wanted, (row) => row.attempt)
  const streams = [...byAttempt].map(([attempt, series]) => {
    const streams = series.map(({ name }) => {
      const rest = points(tx, { job_id: job.job_id, attempt, name }, open)
      return { name, rest }
    })
    return [attempt, eventsOf(job, attempt, streams)] as const
  })
  return new Map(streams)
}

async function* eventsOf(
  job: JobRow,
  attempt: number,
  streams: readonly Omit<Open, 'next'>[],
): AsyncGenerator<EventOf<'metrics'>> {
  const open = new Set<Open>()
  for (const { name, rest } of streams) {
    const first = await rest.next()
    if (!first.done) open.add({ name, next: first.value, rest })
  }
  while (open.size > 0) {
    const { step, time } = earliest(open)
    const together = [...open].filter(
      ({ next }) => next.step === step && Object.is(next.time, time),
    )
    const values = Object.fromEntries(together.map(({ name, next }) => [name, next.value]))
    // Series store no epochs; the current epoch is the job's.
    const isLast = attempt === job.attempt && step === job.current_step
    const epoch = isLast ? job.current_epoch : null
    yield { type: 'metrics', attempt, step, epoch, at: Number.isNaN(time) ? null : time, values }
    for (const series of together) {
      const following = await series.rest.next()
      if (following.done) open.delete(series)
      else series.next = following.value
    }
  }
}

function earliest(open: ReadonlySet<Open>): Point {
  const [first, ...others] = open
  if (!first) throw new Error('There is no series to take a point from.')
  return others.reduce((least, { next }) => {
    const isEarlier = next.step < least.step || (next.step === least.step && next.time < least.time)
    return isEarlier ? next : least
  }, first.next)
}

/** The points of one series of one attempt, one chunk at a time. */
async function* points(
  tx: Tx,
  of: { job_id: string; attempt: number; name: string },
  open: OpenPieces,
): AsyncGenerator<Point> {
  const { job_id, attempt, name, ordinal, steps, values, times } = seriesChunks
  const here = and(eq(job_id, of.job_id), eq(attempt, of.attempt), eq(name, of.name))
  for (let from = 0; ;) {
    const [chunk] = await tx
      .select({ steps, values, times })
      .from(seriesChunks)
      .where(and(here, eq(ordinal, from)))
    if (!chunk) break
    yield* pointsIn(chunk)
    from += chunk.steps.length
  }
  const last = open.get(seriesKey(of))
  if (last) yield* pointsIn(last)
}

function* pointsIn({ steps, values, times }: Series): Generator<Point> {
  for (const [index, step] of steps.entries()) {
    yield { step, value: values[index] ?? NaN, time: times[index] ?? NaN }
  }
}
