import { isSystem, SYSTEM } from '@bestmark/core'
import { asc, inArray, sql } from 'drizzle-orm'
import type { Orm } from '../connection/client.ts'
import { attempts } from '../schema.ts'

/** The fields of an attempt that matter for joining attempts. */
export interface JoinedAttempt {
  job_id: string
  attempt: number
  /** The step from which it resumed; null for a fresh start. */
  resumed_from: number | null
  /**
   * It runs or has measured something, so it replaces the steps that it repeats in every series.
   */
  took_over: boolean
}

/**
 * A run that resumes from an earlier step repeats some steps. A joined series has every point of
 * its last attempt. Of an earlier attempt it has the points up to the step from which a later one
 * resumed. This holds as soon as the later attempt begins, even before it has points. An attempt
 * that ended before it measured anything replaces nothing.
 */
export interface Rewinds {
  /** The last attempt that replaced points of earlier ones; -1 if there is none. */
  latest: number
  /** The last step that stays of an attempt, given the attempts that have points of the series. */
  keptUpTo(attempt: number, present: Iterable<number>): number
}

/** The attempts of some jobs, in order. */
export async function joinedAttempts(
  orm: Pick<Orm, 'select'>,
  job_ids: readonly string[],
): Promise<JoinedAttempt[]> {
  if (job_ids.length === 0) return []
  const { job_id, attempt, resumed_from } = attempts
  const has = (table: string, more = '') =>
    sql.raw(`exists (select 1 from ${table} as own
    where own.job_id = attempts.job_id and own.attempt = attempts.attempt ${more})`)
  const took_over = sql<boolean>`(coalesce(status = 'running', false)
    or ${has('series_chunks', `and own.name not like '${SYSTEM}%'`)} or ${has('evaluations')}
    or ${has('series_tails', `and exists (select 1 from unnest(own.names) as name where name not like '${SYSTEM}%')`)})`
  return orm
    .select({ job_id, attempt, resumed_from, took_over })
    .from(attempts)
    .where(inArray(job_id, [...job_ids]))
    .orderBy(asc(job_id), asc(attempt))
}

/**
 * The rewinds of a job's attempts. An attempt that did not log where it began resumed before its
 * first point, which `firstStep` finds.
 */
export function rewindsOf(
  rows: readonly Omit<JoinedAttempt, 'job_id'>[],
  firstStep: (attempt: number) => number,
): Rewinds {
  const resumed = new Map(rows.map(({ attempt, resumed_from }) => [attempt, resumed_from ?? -1]))
  const took = rows.filter(({ took_over }) => took_over).map(({ attempt }) => attempt)
  const of = (attempt: number): number => resumed.get(attempt) ?? firstStep(attempt) - 1
  const keptUpTo = (attempt: number, present: Iterable<number>): number => {
    let last = Infinity
    for (const later of [...present, ...took]) {
      if (later > attempt) last = Math.min(last, of(later))
    }
    return last
  }
  return { latest: Math.max(-1, ...took), keptUpTo }
}

/** The attempts that replace steps of a series; none if its steps are seconds. */
export function rewinding(
  name: string,
  attempts: readonly JoinedAttempt[],
): readonly JoinedAttempt[] {
  return isSystem(name) ? [] : attempts
}

const POINTS_PER_ATTEMPT = 2 ** 32

/** The number of a point in its series, from its attempt and its index within that attempt. */
export function ordinalOf(attempt: number, index: number): number {
  return attempt * POINTS_PER_ATTEMPT + index
}

/** The attempt and the index of an ordinal, as `ordinalOf` joined them. */
export function attemptAndIndex(ordinal: number): { attempt: number; index: number } {
  const attempt = Math.floor(ordinal / POINTS_PER_ATTEMPT)
  return { attempt, index: ordinal - attempt * POINTS_PER_ATTEMPT }
}
