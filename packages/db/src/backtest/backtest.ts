import { type Backtest, type Direction, metricNames } from '@bestmark/core'
import { and, count, countDistinct, desc, eq, isNotNull } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import { finished, finishedRuns, MOST } from './finishedRuns.ts'
import { Refused } from '../values/refused.ts'
import { replay } from './replay.ts'
import { evaluations, trainingJobs } from '../schema.ts'

/** The options of a backtest over a board's jobs. */
export interface JobsBacktest {
  /** Only jobs of this project. */
  project?: string | undefined
  /** The target metric, or `task` for the task metric of each run. */
  target: string
  /** The metric of policy `metric`, if one is given. */
  metric?: string | undefined
  /** The target's direction, if its name does not show it. */
  direction?: Direction | undefined
}

/**
 * Replays every policy over the finished jobs of the board. If there are many, it takes the newest
 * and reports that. Throws Refused if no job measured the target, with the available metrics.
 */
export async function backtestJobs(
  db: Database,
  query: JobsBacktest,
  most = MOST,
): Promise<Backtest> {
  const { project, ...options } = query
  const { runs, found } = await finishedRuns(db, project, most)
  const result = await replay({ runs, options })
  // A copy of a run has the same directions as the run itself.
  const missing = result.skipped.filter(({ code }) => code !== 'same_run')
  if (result.runs === 0 && missing.every(({ code }) => code === 'no_target')) {
    throw new Refused(await nothingToJudgeBy(db, query))
  }
  if (runs.length === found) return result
  const cut = `Only the newest ${runs.length} of ${found} finished jobs were replayed.`
  return { ...result, text: `${result.text} ${cut}` }
}

/** A metric that finished jobs measured, and how many of them did. */
export interface BacktestTarget {
  metric: string
  jobs: number
}

/** The possible targets of a backtest, the most measured first. */
export async function backtestTargets(
  { orm }: Database,
  project?: string,
): Promise<BacktestTarget[]> {
  const { job_id, metric, repeat, value } = evaluations
  const jobs = countDistinct(job_id)
  const rows = await orm
    .select({ metric, jobs })
    .from(evaluations)
    .innerJoin(trainingJobs, eq(trainingJobs.job_id, job_id))
    .where(and(finished(project), eq(repeat, 0), isNotNull(value)))
    .groupBy(metric)
    .orderBy(desc(jobs), metric)
  const all = { attempt: 0, step: 0, epoch: null, origin: null }
  const values = Object.fromEntries(rows.map((row) => [row.metric, 0]))
  const measures = new Set(metricNames([{ ...all, values }]))
  return rows.filter((row) => measures.has(row.metric))
}

async function nothingToJudgeBy(db: Database, { project, target }: JobsBacktest): Promise<string> {
  const targets = await backtestTargets(db, project)
  const where = project === undefined ? 'on this board' : `of ${project}`
  const named = targets.map(({ metric, jobs }) => `${metric} (${jobs})`).join(', ')
  if (targets.length > 0) {
    const wanted = target === 'task' ? 'a metric of its task' : target
    return `No finished job ${where} measured ${wanted}. Measured: ${named}.`
  }
  const [ended] = await db.orm.select({ jobs: count() }).from(trainingJobs).where(finished(project))
  return ended?.jobs
    ? `No finished job ${where} measured anything, so there is nothing to replay.`
    : `No job ${where} has ended, so there is nothing to replay. Import finished runs, or wait.`
}
