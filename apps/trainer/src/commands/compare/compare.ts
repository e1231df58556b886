import { measuredJson } from '@bestmark/core'
import { compareJobs, type ComparedJobs, type Database } from '@bestmark/db'
import { openBoard } from '../../board/board.ts'
import { findJob } from '../../board/namedJob.ts'
import { parse, usageOf } from '../../cli/parse.ts'
import { print } from '../../cli/terminal.ts'
import { EXIT, Failure } from '../../failure.ts'
import { COMPARE } from './compare.table.ts'
import { comparisonText } from './comparisonText.ts'

/** Compares jobs, or all jobs of a project, and prints the answer. */
export async function main(words: readonly string[]): Promise<number> {
  const { args, values } = parse(words, COMPARE)
  const { project } = values
  if ((project === undefined) === (args.JOB.length === 0)) {
    throw new Failure(`Name jobs, or a project with --project. ${usageOf(COMPARE)}`)
  }
  await using board = await openBoard()
  const compared =
    project === undefined
      ? await compareNamedJobs(board.db, args.JOB)
      : await compareProject(board.db, project)
  const { comparison, best_paths, found } = compared
  if (values.json) print(measuredJson({ ...comparison, best_paths, found }))
  else print(...comparisonText(compared))
  return comparison.best ? EXIT.found : EXIT.nothing
}

async function compareNamedJobs(db: Database, named: readonly string[]): Promise<ComparedJobs> {
  const job_ids: string[] = []
  for (const name of named) job_ids.push((await findJob(db, name)).job_id)
  return compareJobs(db, { job_ids })
}

/** Compares the jobs of a project. Throws a Failure if it has none. */
export async function compareProject(db: Database, project: string): Promise<ComparedJobs> {
  const compared = await compareJobs(db, { project })
  if (compared.found > 0) return compared
  throw noJobs(project)
}

/** The error for a project without jobs. */
export function noJobs(project: string): Failure {
  return new Failure(`No job belongs to project "${project}". See the jobs with: bestmark jobs`)
}
