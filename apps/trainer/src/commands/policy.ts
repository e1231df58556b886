import { measuredJson, type Policy, type PolicyChoice } from '@bestmark/core'
import {
  changePolicy,
  checkpointsOf,
  jobDetail,
  listJobs,
  policyHistory,
  Refused,
  type Database,
  type PolicyChange,
  type PolicyFor,
} from '@bestmark/db'
import { parse, usageOf, type ArgumentsOf, type ValuesOf } from '../cli/parse.ts'
import { openBoard } from '../board/board.ts'
import { EXIT, Failure } from '../failure.ts'
import { findJob } from '../board/namedJob.ts'
import { policyText } from '../cli/policyText.ts'
import { userName } from '../processes/userName.ts'
import { valueOf } from '../cli/option.ts'
import { hasPolicyOption, POLICY, policyChoiceOf } from '../cli/policyOptions.ts'
import { print, notify } from '../cli/terminal.ts'
import { minuteText } from '../cli/timeText.ts'
import { POLICY_COMMAND } from './policy.table.ts'

interface Subject {
  whose: PolicyFor
  name: string
}

/** Shows or changes the policy of a job or a project. The history stores who changed it and when. */
export async function main(words: readonly string[]): Promise<number> {
  const { values, args } = parse(words, POLICY_COMMAND)
  const { named, policy } = readArguments(args, values.project)
  const choice = newPolicy(policy, values)
  if (choice !== undefined && values.history) {
    throw new Failure('Use --history without other options: it only shows changes.')
  }
  await using board = await openBoard()
  const of = await subject(board.db, named, values.project)
  if (choice !== undefined)
    await change(board.db, of.whose, choice, values.by ?? `${userName()}@${board.host}`)
  if (values.history) await printHistory(board.db, of, values.json)
  else await printPolicy(board.db, of, values.json)
  return EXIT.found
}

/** The first word names a job, unless --project is given. */
function readArguments(
  { JOB: first, POLICY: second }: ArgumentsOf<typeof POLICY_COMMAND>,
  project: string | undefined,
): { named: string | undefined; policy: Policy | undefined } {
  if (project !== undefined && second !== undefined) {
    throw new Failure(`Unexpected word "${second}". ${usageOf(POLICY_COMMAND)}`)
  }
  if (project === undefined && first === undefined) {
    throw new Failure(`Name one job, or a project with --project. ${usageOf(POLICY_COMMAND)}`)
  }
  const [named, policy] = project === undefined ? [first, second] : [undefined, first]
  return { named, policy: policy === undefined ? undefined : valueOf(POLICY, policy, 'POLICY') }
}

type Values = ValuesOf<typeof POLICY_COMMAND>

/** The new policy; null to remove the policy, undefined to change nothing. */
function newPolicy(policy: Policy | undefined, values: Values): PolicyChoice | null | undefined {
  const hasOptions = hasPolicyOption(values)
  if (values.inherit) {
    if (policy === undefined && !hasOptions) return null
    throw new Failure('Use --inherit without a policy: it removes the policy.')
  }
  if (policy === undefined && !hasOptions) return undefined
  return policyChoiceOf(policy, values, 'from_board')
}

async function subject(db: Database, named?: string, project?: string): Promise<Subject> {
  if (project !== undefined) return { whose: { project }, name: `Project ${project}` }
  const { job_id, name } = await findJob(db, named ?? '')
  return { whose: { job_id }, name }
}

async function change(
  db: Database,
  whose: PolicyFor,
  choice: PolicyChoice | null,
  by: string,
): Promise<void> {
  await changePolicy(db, whose, choice, by).catch((error: unknown) => {
    throw error instanceof Refused ? new Failure(error.message, { cause: error }) : error
  })
}

interface CurrentPolicy extends PolicyChoice {
  from: 'default' | 'project' | 'job'
  /** The reason of a job's selection; null for a project. */
  reason: string | null
}

async function printPolicy(db: Database, { whose, name }: Subject, json: boolean): Promise<void> {
  const current = 'project' in whose ? await ofProject(db, whose) : await ofJob(db, whose.job_id)
  if (json) {
    print(measuredJson({ ...whose, ...current }))
    return
  }
  const { from, options, reason } = current
  const origin = { default: 'the default', project: 'set for the project', job: 'set for the job' }[
    from
  ]
  const who = options.by ? `, by ${options.by}` : ''
  print(`${name} uses policy ${policyText(current)} (${origin}${who}).`)
  if (reason !== null) print(reason)
}

async function ofJob(db: Database, job_id: string): Promise<CurrentPolicy> {
  const [detail, list] = [await jobDetail(db, job_id), await checkpointsOf(db, job_id)]
  if (!detail || !list) throw new Failure(`The job ${job_id} was just removed from the board.`)
  const { policy_from: from, policy_options: options } = detail
  return { policy: list.selection.policy, options, from, reason: list.selection.reason }
}

async function ofProject(db: Database, whose: { project: string }): Promise<CurrentPolicy> {
  const [last] = await policyHistory(db, whose)
  const { jobs } = await listJobs(db, { ...whose, shelf: 'kept', limit: 1 })
  if (!last && jobs.length === 0) {
    throw new Failure(
      `There is no project "${whose.project}". List the jobs and their projects: bestmark jobs --json`,
    )
  }
  if (!last || last.policy === null) {
    return { policy: 'as_declared', options: {}, from: 'default', reason: null }
  }
  return { policy: last.policy, options: last.options, from: 'project', reason: null }
}

async function printHistory(db: Database, { whose, name }: Subject, json: boolean): Promise<void> {
  const changes = await policyHistory(db, whose)
  if (changes.length === 0 && !json) notify(`The policy of ${name} was never changed.`)
  for (const one of changes) print(json ? measuredJson(one) : line(one))
}

function line({ changed_at, by, scope, policy, options, project }: PolicyChange): string {
  const when = minuteText(changed_at)
  const what = policy === null ? 'policy removed' : policyText({ policy, options })
  const whose = scope === 'project' ? `project ${project}` : 'job'
  return [when, by, whose, what].join('  ')
}
