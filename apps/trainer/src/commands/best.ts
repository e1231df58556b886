import { measuredJson, ownValue, type TrainingJobStatus, shellWord } from '@bestmark/core'
import { type CheckpointList, checkpointsOf, type Database } from '@bestmark/db'
import { parse, usageOf } from '../cli/parse.ts'
import { openBoard } from '../board/board.ts'
import { BEST } from './best.table.ts'
import { compareProject } from './compare/compare.ts'
import { comparisonText } from './compare/comparisonText.ts'
import { explanationLines, metricWords } from './pick/choice.ts'
import { EXIT, Failure } from '../failure.ts'
import { findJob } from '../board/namedJob.ts'
import { print, printPath, notify } from '../cli/terminal.ts'

type BestFields = Pick<
  TrainingJobStatus,
  'best_checkpoint_path' | 'best_checkpoint_id' | 'best_step' | 'best_metric' | 'best_metric_name'
>

/** The best checkpoint of a job or a project, with an explanation. */
interface Answer extends BestFields {
  job_id: string | null
  name: string | null
  /** Why there is no best; with --explain also why this one is the best. Line by line. */
  why: string[]
}

/** Prints the path of the best checkpoint of a job or a project. With --explain it prints also why. */
export async function main(words: readonly string[]): Promise<number> {
  const { args, values } = parse(words, BEST)
  const { project, explain } = values
  await using board = await openBoard()
  const { why, ...answer } = await answerOf(board.db, { job: args.JOB, project, explain })
  const isFound = answer.best_checkpoint_path !== null
  if (values.json) print(measuredJson(answer))
  else if (answer.best_checkpoint_path !== null) printPath(answer.best_checkpoint_path)
  if (why.length > 0 && isFound && !values.json) print('', ...why)
  else if (why.length > 0) notify(...why)
  return isFound ? EXIT.found : EXIT.nothing
}

interface Question {
  job: string | undefined
  project: string | undefined
  explain: boolean
}

async function answerOf(db: Database, { job, project, explain }: Question): Promise<Answer> {
  if (project !== undefined && job === undefined) return bestOfProject(db, project, explain)
  if (project === undefined && job !== undefined) return bestOfJob(db, job, explain)
  throw new Failure(`Name one job, or a project with --project. ${usageOf(BEST)}`)
}

async function bestOfJob(db: Database, named: string, explain: boolean): Promise<Answer> {
  const job = await findJob(db, named)
  const { job_id, name, best_checkpoint_path, best_checkpoint_id } = job
  const { best_step, best_metric, best_metric_name } = job
  const isExplained = explain || best_checkpoint_path === null
  const list = isExplained ? await checkpointsOf(db, job_id) : undefined
  const why = list ? whyOf(list, explain, job) : []
  const best = { best_checkpoint_path, best_checkpoint_id, best_step, best_metric }
  return { job_id, name, ...best, best_metric_name, why }
}

function whyOf(
  { selection, explanation }: CheckpointList,
  explain: boolean,
  { job_id, project }: Pick<TrainingJobStatus, 'job_id' | 'project'>,
): string[] {
  if (!explain) return [`bestmark: ${explanation.sentence}`]
  return explanationLines(selection, explanation, (choice, code) => {
    const isForProject = code === 'undeclared' && project !== ''
    const whom = isForProject ? `--project ${shellWord(project)}` : job_id
    const policy = code === 'undeclared' ? 'as_declared' : 'metric'
    return `bestmark policy ${whom} ${policy} ${metricWords(choice)}`
  })
}

/** The best checkpoint of all jobs of a project, or why their runs cannot be compared. */
async function bestOfProject(db: Database, project: string, explain: boolean): Promise<Answer> {
  const compared = await compareProject(db, project)
  const { best, runs } = compared.comparison
  const run = runs.find(({ job_id }) => job_id === best?.job_id)
  const why = explain || !best ? comparisonText(compared) : []
  return {
    job_id: best?.job_id ?? null,
    name: run?.name ?? null,
    best_checkpoint_path: (best && ownValue(compared.best_paths, best.job_id)) ?? null,
    best_checkpoint_id: best?.checkpoint.checkpoint_id ?? null,
    best_step: best?.checkpoint.step ?? null,
    best_metric: best?.checkpoint.value ?? null,
    best_metric_name: best ? (run?.metric ?? null) : null,
    why,
  }
}
