import {
  grouped,
  measuredJson,
  modelNameOf,
  servingAdviceText,
  type TrainingJobStatus,
  waitsForApproval,
} from '@bestmark/core'
import {
  createDeployment,
  currentFiles,
  type Database,
  type Deployment,
  deploymentById,
  HeldBack,
  hosts,
  Refused,
  shippingAdvice,
} from '@bestmark/db'
import { openBoard } from '../board/board.ts'
import { findJob } from '../board/namedJob.ts'
import { checkpointsNamed } from '../board/namedCheckpoint.ts'
import { callerPath } from '../cli/callerPath.ts'
import { parse } from '../cli/parse.ts'
import { notify, print } from '../cli/terminal.ts'
import { EXIT, Failure } from '../failure.ts'
import { pause } from '../pause.ts'
import { StopRequest } from '../processes/stopRequest.ts'
import { userName } from '../processes/userName.ts'
import { DEPLOY } from './deploy.table.ts'

/** How often --wait looks at the order (ms). */
const AGAIN = 300

/** Orders a checkpoint to be shipped. With --wait it ends when the order has ended. */
export async function main(words: readonly string[]): Promise<number> {
  const { args, values } = parse(words, DEPLOY)
  using stopRequest = new StopRequest()
  await using board = await openBoard()
  const { db } = board
  const job = await findJob(db, args.JOB)
  const checkpoint_id = await chosenIn(db, job, values.checkpoint)
  if (checkpoint_id === null) {
    notify(`${job.name} has no best checkpoint. Name one with --checkpoint.`)
    return EXIT.nothing
  }
  const given = values['with-files-from']
  const files_from = given === undefined ? undefined : callerPath(given)
  const what = { contents: values.contents, files_from, may_read_any_folder: true }
  const host_id = values.host === undefined ? undefined : await hostNamed(db, values.host)
  const where = { host_id, target: values.target, if_better: values['if-better'] }
  const order = { job_id: job.job_id, checkpoint_id, ...where, ...what }
  if (!values.json) await notifyAdvice(db, job.job_id, checkpoint_id)
  const { as: model_name = modelNameOf(job.name), by = userName(), reason: why } = values
  const ordered = await createDeployment(db, { ...order, model_name, by, why }).catch(
    (error: unknown) => failed(error, values.json),
  )
  if (!values.json) notify(`Ordered: ${shippedText(ordered)}.`)
  if (!values.json && waitsForApproval(ordered)) {
    notify(
      `It waits for the approval of a second person: another one than ${by} approves it on the page Models, under ${model_name}.`,
    )
  }
  const ended = values.wait ? await endOf(db, ordered, stopRequest.signal) : ordered
  if (values.json) print(measuredJson(ended))
  else if (ended.status === 'done') print(ended.absolute_path ?? '')
  if (ended.status === 'done' || !values.wait) return EXIT.found
  if (!hasEnded(ended)) {
    const next = waitsForApproval(ended)
      ? 'It still waits for the approval.'
      : 'The agent still ships it.'
    notify(`Stopped waiting. ${next}`)
    return EXIT.nothing
  }
  if (ended.status === 'withdrawn') {
    const by = ended.withdrawn_by === null ? '' : ` by ${ended.withdrawn_by}`
    throw new Failure(`${shippedText(ended)} was withdrawn${by}.`)
  }
  throw new Failure(`${shippedText(ended)} failed: ${ended.error ?? 'no reason was given'}`)
}

/** The id of a host by its name, or by its id. Throws a Failure that lists the hosts with an agent. */
async function hostNamed(db: Database, text: string): Promise<string> {
  const all = await hosts(db)
  const [one, ...others] = all.filter(({ host_id, hostname }) => [host_id, hostname].includes(text))
  if (one && others.length === 0) return one.host_id
  const names = all.map(({ hostname, host_id }) => `${hostname} (${host_id})`).join(', ')
  const what = one ? `Several hosts are called "${text}"` : `No host is called "${text}"`
  throw new Failure(`${what}. Hosts with an agent: ${names || 'none'}.`)
}

/** Says what is missing to serve a checkpoint, and how to merge it. */
async function notifyAdvice(db: Database, job_id: string, checkpoint_id: string): Promise<void> {
  const advice = await shippingAdvice(db, job_id, checkpoint_id)
  for (const problem of advice?.problems ?? []) {
    notify(servingAdviceText(problem))
    if ('command' in problem && problem.command !== null) notify(`  ${problem.command}`)
  }
  for (const { path, names } of advice?.files_from ?? [])
    notify(`Missing files are in ${path}${names ? `: ${names.join(', ')}` : ''}.`)
}

/** The id of the named checkpoint, by default of the best; null if there is no best. */
async function chosenIn(
  db: Database,
  { job_id, name, best_checkpoint_id }: TrainingJobStatus,
  named: string | undefined,
): Promise<string | null> {
  if (named === undefined) return best_checkpoint_id
  const [one, ...others] = checkpointsNamed(named, await currentFiles(db, job_id), name)
  if (one && others.length === 0) return one.checkpoint_id
  const paths = [one, ...others].map((file) => file?.path).join(', ')
  throw new Failure(`Several checkpoints of ${name} match "${named}": ${paths}. Give a path.`)
}

/** The entry when its order has ended, or when the command is stopped. */
async function endOf(db: Database, ordered: Deployment, stop: AbortSignal): Promise<Deployment> {
  const { job_id, deployment_id } = ordered
  let latest = ordered
  while (!hasEnded(latest) && !stop.aborted) {
    await pause(AGAIN, stop)
    latest = (await deploymentById(db, job_id, deployment_id)) ?? latest
  }
  return latest
}

function hasEnded({ status }: Deployment): boolean {
  return ['done', 'failed', 'withdrawn', 'elsewhere'].includes(status)
}

function shippedText({ step, path, job_name, model_name, target }: Deployment): string {
  const what = step === null ? path : `step ${grouped(step)}`
  return `${what} of ${job_name} as ${model_name} to ${target}`
}

function failed(error: unknown, json: boolean): never {
  if (error instanceof HeldBack) {
    if (json) print(measuredJson({ held_back: error.checks }))
    throw new Failure(error.message, { exit: EXIT.disagreement, cause: error })
  }
  throw error instanceof Refused ? new Failure(error.message, { cause: error }) : error
}
