import { watch } from '@bestmark/db'
import { DEFAULT_PROJECT, grouped, hasEnded, type TrainingJobStatus } from '@bestmark/core'
import { Agent } from '../agent/agent.ts'
import { parse, usageOf } from '../cli/parse.ts'
import { openBoard, type Board } from '../board/board.ts'
import { EXIT, Failure } from '../failure.ts'
import { findJob } from '../board/namedJob.ts'
import { ProgressLine } from '../cli/progressLine.ts'
import { findRecipe, type Recipe } from '../recipes/recipe.ts'
import { resumeRun, startRun, type StartedRun } from '../agent/startRun.ts'
import { StopRequest } from '../processes/stopRequest.ts'
import { printPath, notify } from '../cli/terminal.ts'
import { ErrorReporter } from '../cli/errorReporter.ts'
import { TRAIN } from './train.table.ts'

/**
 * Trains a recipe and shows the progress. After SIGINT or SIGTERM the run writes a last checkpoint
 * and stops. Returns 0 if the run completed.
 */
export async function main(words: readonly string[]): Promise<number> {
  const { values, args } = parse(words, TRAIN)
  const start = startOf(values, args.RECIPE)
  using stopRequest = new StopRequest()
  await using board = await openBoard()
  if (stopRequest.signal.aborted) return EXIT.nothing
  const starting = start(board)
  const stop = (): void => void starting.then((run) => run.signal('SIGTERM')).catch(() => undefined)
  stopRequest.signal.addEventListener('abort', stop)
  const job = await follow(board, await starting)
  return job.status === 'completed' ? EXIT.found : EXIT.nothing
}

interface TrainOptions {
  preset?: string | undefined
  name?: string | undefined
  project?: string | undefined
  resume?: string | undefined
}

/** Checks the options and returns a function that starts the run. */
function startOf(
  { resume, preset, name, project }: TrainOptions,
  named: string | undefined,
): (board: Board) => Promise<StartedRun> {
  if (resume !== undefined) {
    if (named !== undefined)
      throw new Failure(`Remove ${named}: --resume continues the recipe of the job.`)
    const ofNewJobs = Object.entries({ preset, name, project }).find(
      ([, value]) => value !== undefined,
    )
    if (ofNewJobs) {
      throw new Failure(
        `Remove --${ofNewJobs[0]}: it applies to new jobs, and --resume continues one.`,
      )
    }
    return async ({ db }) => resumeRun(db, await findJob(db, resume))
  }
  if (named === undefined) throw new Failure(`RECIPE is missing. ${usageOf(TRAIN)}`)
  const recipe = findRecipe(named)
  const order = {
    recipe,
    project: project ?? DEFAULT_PROJECT,
    preset: presetOf(recipe, preset),
    name: name ?? recipe.name,
  }
  return (board) => startRun(board.db, board, order)
}

function presetOf({ name, presets }: Recipe, named: string | undefined): string {
  const preset = named ?? presets[0]
  if (presets.includes(preset)) return preset
  throw new Failure(`${name} has no preset "${preset}". It has ${presets.join(', ')}.`)
}

/** Records the run to its end, and shows each change. */
async function follow(board: Board, run: StartedRun): Promise<TrainingJobStatus> {
  const { db } = board
  const agent = new Agent(db, board, new ErrorReporter((line) => notify('', line)))
  const over = new AbortController()
  const recorded = agent.adopt(run).finally(() => over.abort())
  const line = new ProgressLine()
  const jobs = [{ job_id: run.job_id, revision: 0 }]
  for await (const { status } of watch(db, { jobs }, over.signal)) line.show(status)
  await recorded
  line.end()
  const job = await findJob(db, run.job_id)
  notify(ending(job))
  if (job.best_checkpoint_path) printPath(job.best_checkpoint_path)
  return job
}

function ending(job: TrainingJobStatus): string {
  const how = hasEnded(job.status) ? job.status : `is still ${job.status}`
  const why = job.error ? `: ${job.error}` : ''
  return `${job.name} ${how} at step ${grouped(job.current_step ?? 0)}${why}`
}
