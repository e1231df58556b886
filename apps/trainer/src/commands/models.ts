import {
  betterText,
  checkText,
  figure,
  grouped,
  measuredJson,
  waitsForApproval,
} from '@bestmark/core'
import {
  type Database,
  type LedgerEntry,
  listModels,
  type LiveModel,
  type Model,
  modelNamed,
  orderCheck,
  rollBack,
  withdrawDeployment,
} from '@bestmark/db'
import { openBoard } from '../board/board.ts'
import { parse, usageOf } from '../cli/parse.ts'
import { notify, print } from '../cli/terminal.ts'
import { minuteText } from '../cli/timeText.ts'
import { EXIT, Failure } from '../failure.ts'
import { userName } from '../processes/userName.ts'
import { MODELS } from './models.table.ts'

/** Shows what is live under each model name. Orders a roll back or a check of one name. */
export async function main(words: readonly string[]): Promise<number> {
  const { values, args } = parse(words, MODELS)
  const orders = (['roll-back', 'verify', 'withdraw'] as const).filter((name) => values[name])
  if (orders.length > 1) throw new Failure('Give only one of --roll-back, --verify and --withdraw.')
  if (orders.length > 0 && args.NAME === undefined)
    throw new Failure(`--${orders[0]} needs the name of a model. ${usageOf(MODELS)}`)
  await using board = await openBoard()
  const models = await read(board.db, args.NAME)
  const [only] = models
  if (only && values['roll-back']) await orderRollBack(board.db, only, values)
  if (only && values.verify) await orderChecks(board.db, only, values.by)
  if (only && values.withdraw) await withdraw(board.db, only, values.by)
  if (orders.length > 0) {
    if (values.json) print(...(await read(board.db, args.NAME)).map((one) => measuredJson(one)))
    return EXIT.found
  }
  for (const model of models) {
    if (values.json) print(measuredJson(model))
    else print(...linesOf(model, args.NAME !== undefined))
  }
  if (models.length === 0) notify('Nothing was shipped yet. Deploy a checkpoint on its page.')
  return models.length > 0 ? EXIT.found : EXIT.nothing
}

async function read(db: Database, name: string | undefined): Promise<Model[]> {
  if (name === undefined) return listModels(db)
  const model = await modelNamed(db, name)
  if (model) return [model]
  const names = (await listModels(db)).map(({ model_name }) => model_name)
  const known = names.length > 0 ? ` Names: ${names.join(', ')}.` : ''
  throw new Failure(`No model is called "${name}".${known}`)
}

interface Order {
  by?: string | undefined
  reason?: string | undefined
}

async function orderRollBack(db: Database, model: Model, { by, reason }: Order): Promise<void> {
  const [live, ...others] = model.live
  if (others.length > 0) {
    const hosts = model.live.map(({ entry }) => entry.host).join(', ')
    throw new Failure(
      `${model.model_name} is live on several hosts (${hosts}). Use the page Models.`,
    )
  }
  if (!live?.before)
    throw new Failure(`No other version of ${model.model_name} was live before, so ship one.`)
  const { job_id, deployment_id } = live.before
  await rollBack(db, { job_id, deployment_id, by, why: reason })
  notify(`Ordered: ${model.model_name} goes back to ${entryText(live.before)}.`)
}

async function orderChecks(db: Database, model: Model, by: string | undefined): Promise<void> {
  if (model.live.length === 0)
    throw new Failure(`No version of ${model.model_name} is live, so there is nothing to check.`)
  for (const { entry } of model.live) {
    await orderCheck(db, { ...entry, by })
    notify(`Ordered: the files of ${entryText(entry)} on ${entry.host} are compared.`)
  }
}

async function withdraw(db: Database, model: Model, by = userName()): Promise<void> {
  const waiting = model.history.filter(({ status }) => status === 'queued')
  if (waiting.length === 0)
    throw new Failure(`No order of ${model.model_name} waits, so there is nothing to withdraw.`)
  for (const entry of waiting) {
    await withdrawDeployment(db, { ...entry, by })
    notify(`Withdrawn: ${entryText(entry)} to ${entry.target} on ${entry.host}.`)
  }
}

function linesOf(model: Model, isWhole: boolean): string[] {
  const live = model.live.length > 0 ? model.live.flatMap(liveLines) : ['  nothing is live']
  const history = model.history.map(
    (entry) => `  ${minuteText(entry.created_at)}  ${didText(entry)}`,
  )
  return [model.model_name, ...live, ...(isWhole ? ['', 'History:', ...history] : [])]
}

function liveLines({ entry, better, check }: LiveModel): string[] {
  const { target, host, by, why, absolute_path, choice, ended_at } = entry
  const since = ended_at === null ? '' : ` since ${minuteText(ended_at)}`
  return [
    `  ${entryText(entry)}`,
    `  live in target ${target} on ${host}${since}${by === null ? '' : `, by ${by}`}`,
    ...(absolute_path === null ? [] : [`  ${absolute_path}`]),
    ...(why === null ? [] : [`  Reason given: ${why}`]),
    ...(better ? [`  ${betterText(better, choice?.direction, figure)}`] : []),
    ...(check ? [`  ${checkText(check.state, check.detail)}`] : []),
  ]
}

function entryText({ step, path, job_name, choice }: LedgerEntry): string {
  const value = choice?.metric ? `, ${choice.metric} ${figure(choice.value ?? NaN)}` : ''
  return `${step === null ? path : `step ${grouped(step)}`} of ${job_name}${value}`
}

function didText(entry: LedgerEntry): string {
  const what = entry.rolls_back_to === null ? 'shipped' : 'rolled back to'
  const why = entry.why === null ? '' : ` (${entry.why})`
  const status = waitsForApproval(entry)
    ? 'waits for the approval of a second person'
    : entry.status
  const approved = entry.approved_by === null ? '' : `, approved by ${entry.approved_by}`
  const withdrawn = entry.withdrawn_by === null ? '' : ` by ${entry.withdrawn_by}`
  return `${what} ${entryText(entry)}: ${status}${withdrawn}${approved}${why}`
}
