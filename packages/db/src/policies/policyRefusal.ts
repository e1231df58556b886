import {
  type Direction,
  directionProblem,
  policyProblem,
  type PolicyProblem,
  type PolicyChoice,
  problemText,
  decisionOf,
  type PolicyOptions,
  unmeasuredMetrics,
} from '@bestmark/core'
import { and, eq, sql } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import type { PolicyFor } from '../rows/projectPolicy.ts'
import { snapshot } from '../rows/snapshot.ts'
import { decidingRows } from '../selection/selection.ts'
import { loggedAmong } from '../series/namedSeries.ts'
import { evaluations, trainingJobs } from '../schema.ts'
import { storable } from '../values/storable.ts'

/** The metrics that a job, or all jobs of a project, measured. */
interface Measures {
  metrics: string[]
  /** The named metrics that were logged while training. */
  training: string[]
  directions: Record<string, Direction>
}

/**
 * Why a policy cannot decide for a job or a project, as one sentence with the available choices;
 * undefined if it can.
 */
export async function policyRefusal(
  db: Database,
  whose: PolicyFor,
  choice: PolicyChoice,
): Promise<string | undefined> {
  const measures = await measuresOf(db, whose, choice)
  if (!measures) return unknownProject(db, whose)
  const problem =
    problemOf(choice, measures) ??
    policyProblem(choice) ??
    (await directionAlone(db, whose, choice))
  return typeof problem === 'string' ? problem : problem ? problemText(problem) : undefined
}

/**
 * A direction without a metric helps one job whose metric has none. In a project, the next job may
 * measure another metric.
 */
async function directionAlone(
  db: Database,
  whose: PolicyFor,
  { policy, options }: PolicyChoice,
): Promise<PolicyProblem | string | null> {
  if (options.direction === undefined || options.metric !== undefined) return null
  if ('project' in whose) {
    return `A direction (${options.direction}) without a metric only works for one job. Remove the direction, or choose policy metric and name the metric for the project.`
  }
  const rows = await snapshot(db, (tx) => decidingRows(tx, whose.job_id))
  return rows ? directionProblem({ ...rows.input, policy, options }) : null
}

/** The problem of a policy with the measured metrics. */
function problemOf({ policy, options }: PolicyChoice, measures: Measures): PolicyProblem | null {
  const { undeclared, ...rest } = options
  if (undeclared) {
    const { metric, direction } = undeclared
    const named = { metric, ...(direction ? { direction } : {}) }
    const problem = problemIn('metric', named, measures)
    if (problem !== null) return problem
  }
  if (policy === 'metric' || options.metric !== undefined) return problemIn(policy, rest, measures)
  // Each run may have another deciding metric, so the other options are checked with one measured
  // metric.
  const [metric = options.subject_to?.[0]?.metric ?? 'eval_loss'] = measures.metrics
  const isMeasured = measures.metrics.length > 0 || options.subject_to !== undefined
  const assumed = isMeasured ? measures : { ...measures, metrics: [metric] }
  const as = policy === 'within_noise' || policy === 'scored' ? policy : 'metric'
  return problemIn(as, { ...rest, metric, direction: options.direction ?? 'min' }, assumed)
}

/** The problem that core reports if every metric is measured once. */
function problemIn(
  policy: PolicyChoice['policy'],
  options: PolicyOptions,
  { metrics, training: names, directions }: Measures,
): PolicyProblem | null {
  const values = Object.fromEntries(metrics.map((name) => [name, 0]))
  const all = { attempt: 0, step: 0, epoch: null, values, origin: null }
  const declaration = { metric: null, direction: null, declared_by: null, directions }
  const rows = { declaration, claim: null, evaluations: [all], checkpoints: [] }
  const training = { names, before: () => 0 }
  return decisionOf({ policy, options, ...rows, training }).decided.problem
}

/** Undefined if there is no such job or project. */
async function measuresOf(
  { orm }: Database,
  whose: PolicyFor,
  { options }: PolicyChoice,
): Promise<Measures | undefined> {
  const { job_id: id, project, metric_directions } = trainingJobs
  const which = 'project' in whose ? eq(project, storable(whose.project)) : eq(id, whose.job_id)
  const jobs = await orm.select({ job_id: id, metric_directions }).from(trainingJobs).where(which)
  if (jobs.length === 0) return undefined
  const rows = await orm
    .select({ metric: evaluations.metric })
    .from(evaluations)
    .innerJoin(trainingJobs, and(eq(id, evaluations.job_id), which))
    .where(eq(evaluations.repeat, 0))
    .groupBy(evaluations.metric)
    .orderBy(sql`min(${evaluations.arrival})`, evaluations.metric)
  const directions = jobs.flatMap((job) => Object.entries(job.metric_directions))
  const declaration = { metric: null, direction: null, declared_by: null }
  const named = unmeasuredMetrics({ options, declaration, evaluations: [] })
  const job_ids = jobs.map(({ job_id }) => job_id)
  const training = await loggedAmong(orm, job_ids, named)
  const metrics = rows.map(({ metric }) => metric)
  return { metrics, training, directions: Object.fromEntries(directions) }
}

/** The most projects that a message names. */
const MOST_NAMES = 20

async function unknownProject({ orm }: Database, whose: PolicyFor): Promise<string> {
  const { project } = trainingJobs
  const rows = await orm
    .selectDistinct({ project })
    .from(trainingJobs)
    .orderBy(project)
    .limit(MOST_NAMES)
  const names = rows.map((row) => row.project).join(', ')
  const name = 'project' in whose ? whose.project : whose.job_id
  return `There is no project ${name} on this board. Projects: ${names || 'none'}.`
}
