import { type ClaimedOrder, privateFolder } from '@bestmark/db'
import { nodeOptions, programPath } from '@bestmark/db/programs'
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../failure.ts'
import { hasLiveProcess, hasRunProcess } from '../processes/mark.ts'
import { type DetachedProcess, spawnDetached } from '../processes/spawn.ts'
import { filledWords, type RecipeOptions } from './recipeOptions.ts'

/** The command line of Bestmark. */
const BESTMARK = programPath('../main.js', import.meta.url)

/**
 * Gives `bestmark run` the id of its job. `BESTMARK_JOB_ID` is another variable: it is for the program,
 * which may start other runs.
 */
export const ORDERED_JOB = 'BESTMARK_ORDERED_JOB'

/** A started order, and where its command writes its errors. */
export interface OrderedRun extends DetachedProcess {
  log: string
}

/** What runs an order: `bestmark run` with the program, and its environment. */
export interface OrderedCommand {
  words: string[]
  /** Where it starts. */
  cwd: string
  env: NodeJS.ProcessEnv
  /** The file for its errors. */
  log: string
}

/** The command of an order. Throws a Failure if it cannot be started. */
export async function orderedCommand(
  order: ClaimedOrder,
  recipe: RecipeOptions,
  home: string,
): Promise<OrderedCommand> {
  const { order_id, job_id, name, project, resumes } = order
  const folder = resumes?.root ?? (await newFolder(order, home))
  const argv = wordsOf(order, recipe, folder)
  const options = [`--name=${name}`, `--project=${project}`, `--folder=${folder}`]
  const words = [process.execPath, ...nodeOptions(), BESTMARK, 'run', ...options, '--', ...argv]
  const cwd = recipe.directory
  const ours = { BESTMARK_HOME: home, INIT_CWD: cwd, [ORDERED_JOB]: job_id }
  const env = { ...process.env, ...ours }
  return { words, cwd, env, log: await orderLog(home, order_id) }
}

/** The file for the errors of the command of an order. */
export async function orderLog(home: string, order_id: string): Promise<string> {
  return join(await privateFolder(home, 'orders'), `${order_id}.log`)
}

/**
 * Starts the program of an order below `bestmark run`, which records it and lives on without this
 * process. Undefined if an agent that was killed had started it already. Throws a Failure if it cannot
 * be started.
 */
export async function startOrdered(
  order: ClaimedOrder,
  recipe: RecipeOptions,
  home: string,
): Promise<OrderedRun | undefined> {
  const { was_taken, resumes, order_id } = order
  const root = resumes?.root ?? (await newFolder(order, home))
  const isBegun = was_taken && wasStarted(root, await orderLog(home, order_id), resumes !== null)
  if (isBegun) return undefined
  const { words, cwd, env, log } = await orderedCommand(order, recipe, home)
  return { log, ...(await spawnDetached(words, { cwd, logFile: log, env, keeps: 'errors' })) }
}

/**
 * Whether an agent that was killed had started an order. The folder of a resumed run has a
 * process.json of before; its log shows that its start had begun. Throws a Failure if nobody can tell
 * whether its program ran.
 */
function wasStarted(folder: string, log: string, isResumed: boolean): boolean {
  if (!isResumed) return hasRunProcess(folder)
  if (hasLiveProcess(folder)) return true
  if (!existsSync(log)) return false
  throw new Failure(
    'Its agent was killed while it resumed the run. Look at the job; resume it again.',
  )
}

async function newFolder({ name, order_id }: ClaimedOrder, home: string): Promise<string> {
  const plain = name.replace(/[^\w.-]+/g, '-').replace(/^\.+/, '') || 'run'
  const folder = join(await privateFolder(home, 'runs'), `${plain}-${order_id.slice(0, 8)}`)
  await mkdir(folder, { recursive: true })
  return folder
}

function wordsOf(order: ClaimedOrder, recipe: RecipeOptions, folder: string): string[] {
  const { name, parameters, resumes } = order
  const values = { ...parameters, name, folder }
  if (!resumes) return filledWords(recipe.argv, values)
  const checkpoint = resumes.absolute_path
  if (!recipe.resume_argv) throw new Failure(`The recipe ${order.recipe} has no resume_argv now.`)
  if (checkpoint === null) {
    throw new Failure(`Cannot resume ${name}: it has no complete checkpoint.`)
  }
  return filledWords(recipe.resume_argv, { ...values, checkpoint })
}
