import { measuredJson, type PolicySettings } from '@bestmark/core'
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
import { parseWords } from '../cli/arguments.ts'
import { openBoard } from '../board/board.ts'
import { EXIT, Failure } from '../failure.ts'
import { oneJob } from '../board/oneJob.ts'
import { policyWords } from '../cli/policyWords.ts'
import { whoAmI } from './score/addScores.ts'
import { SETTINGS, SETTINGS_USAGE, settingsOf } from '../cli/policyOptions.ts'
import { print, tell } from '../cli/terminal.ts'

export const usage =
  'bestmark policy JOB|--project NAME [as_declared|lowest_eval_loss|metric|within_noise|scored] ' +
  `${SETTINGS_USAGE} [--inherit] [--by WHO] [--history] [--json]\n` +
  'as_declared with --metric answers what decides where a run declared nothing; scored takes the ' +
  "weights that the board's own backtest recommends."

const { weights: _weights, ...ASKED } = SETTINGS

const OPTIONS = {
  ...ASKED,
  project: { type: 'string' },
  inherit: { type: 'boolean', default: false },
  by: { type: 'string' },
  history: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const

interface Subject {
  whose: PolicyFor
  name: string
}

/** Shows what a job or a project goes by, or changes it: noted with who and when. */
export async function main(words: readonly string[]): Promise<number> {
  const { values, positionals } = parseWords(words, OPTIONS, usage)
  const [named, policy, ...others] =
    values.project === undefined ? positionals : [undefined, ...positionals]
  if ((named ?? values.project) === undefined || others.length > 0) {
    throw new Failure(`Name one job, or a project with --project, and one policy. Usage: ${usage}`)
  }
  const asked = askedFor(policy, values)
  if (asked !== undefined && values.history) {
    throw new Failure(
      '--history shows what was changed; change and history are told one at a time.',
    )
  }
  await using board = await openBoard()
  const of = await subject(board.db, named, values.project)
  if (asked !== undefined)
    await change(board.db, of.whose, asked, values.by ?? `${whoAmI()}@${board.host}`)
  if (values.history) await tellHistory(board.db, of, values.json)
  else await tellPolicy(board.db, of, values.json)
  return EXIT.found
}

type Words = ReturnType<typeof parseWords<typeof OPTIONS>>['values']

/** What is to be changed: settings, null for back to what is inherited, undefined for nothing. */
function askedFor(policy: string | undefined, values: Words): PolicySettings | null | undefined {
  const isTold = Object.keys(ASKED).some((name) => values[name as keyof typeof ASKED] !== undefined)
  if (values.inherit) {
    if (policy === undefined && !isTold) return null
    throw new Failure('--inherit goes back to what is inherited; leave the policy out.')
  }
  if (policy === undefined && !isTold) return undefined
  return settingsOf(policy, values, 'by the board')
}

async function subject(db: Database, named?: string, project?: string): Promise<Subject> {
  if (project !== undefined) return { whose: { project }, name: `Project ${project}` }
  const { job_id, name } = await oneJob(db, named ?? '')
  return { whose: { job_id }, name }
}

async function change(
  db: Database,
  whose: PolicyFor,
  settings: PolicySettings | null,
  by: string,
): Promise<void> {
  await changePolicy(db, whose, settings, by).catch((error: unknown) => {
    throw error instanceof Refused ? new Failure(error.message, { cause: error }) : error
  })
}

interface Standing extends PolicySettings {
  from: 'default' | 'project' | 'job'
  /** The sentence of a job's choice; null for a project. */
  reason: string | null
}

async function tellPolicy(db: Database, { whose, name }: Subject, json: boolean): Promise<void> {
  const standing = 'project' in whose ? await ofProject(db, whose) : await ofJob(db, whose.job_id)
  if (json) {
    print(measuredJson({ ...whose, ...standing }))
    return
  }
  const { from, told, reason } = standing
  const origin = { default: 'the default', project: "the project's", job: 'its own' }[from]
  const who = told.by ? `, by ${told.by}` : ''
  print(`${name} goes by ${policyWords(standing)} (${origin}${who}).`)
  if (reason !== null) print(reason)
}

async function ofJob(db: Database, job_id: string): Promise<Standing> {
  const [detail, list] = [await jobDetail(db, job_id), await checkpointsOf(db, job_id)]
  if (!detail || !list) throw new Failure(`The job ${job_id} was taken off the board meanwhile.`)
  const { policy_from: from, policy_told: told } = detail
  return { policy: list.selection.policy, told, from, reason: list.selection.reason }
}

async function ofProject(db: Database, whose: { project: string }): Promise<Standing> {
  const [last] = await policyHistory(db, whose)
  const { jobs } = await listJobs(db, { ...whose, limit: 1 })
  if (!last && jobs.length === 0) {
    throw new Failure(
      `No job is in a project "${whose.project}". See them with: bestmark jobs --json`,
    )
  }
  if (!last || last.policy === null) {
    return { policy: 'as_declared', told: {}, from: 'default', reason: null }
  }
  return { policy: last.policy, told: last.told, from: 'project', reason: null }
}

async function tellHistory(db: Database, { whose, name }: Subject, json: boolean): Promise<void> {
  const changes = await policyHistory(db, whose)
  if (changes.length === 0 && !json) tell(`Nobody changed the policy of ${name}.`)
  for (const one of changes) print(json ? measuredJson(one) : line(one))
}

function line({ changed_at, by, scope, policy, told, project }: PolicyChange): string {
  const when = new Date(changed_at).toISOString().slice(0, 16).replace('T', ' ')
  const what = policy === null ? 'back to what is inherited' : policyWords({ policy, told })
  const whose = scope === 'project' ? `project ${project}` : 'job'
  return [when, by, whose, what].join('  ')
}
