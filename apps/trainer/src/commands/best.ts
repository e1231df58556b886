import { checkpointsOf } from '@bestmark/db'
import { parseWords } from '../cli/arguments.ts'
import { openBoard } from '../board/board.ts'
import { explained } from './pick/choice.ts'
import { EXIT, Failure } from '../failure.ts'
import { oneJob } from '../board/oneJob.ts'
import { print, printPath, tell } from '../cli/terminal.ts'

export const usage = 'bestmark best JOB [--explain]'

/** Prints the path of a job's best checkpoint and nothing else, or also the whole explanation. */
export async function main(words: readonly string[]): Promise<number> {
  const options = { explain: { type: 'boolean', default: false } } as const
  const { positionals, values } = parseWords(words, options, usage)
  const [named, ...others] = positionals
  if (named === undefined || others.length > 0) {
    throw new Failure(`Name one job by its id, the beginning of it, or its name. Usage: ${usage}`)
  }
  await using board = await openBoard()
  const { best_checkpoint_path, job_id } = await oneJob(board.db, named)
  const list = values.explain ? await checkpointsOf(board.db, job_id) : undefined
  const why = list && explained(list.selection, list.explanation)
  if (best_checkpoint_path === null) {
    if (why) tell(...why)
    return EXIT.nothing
  }
  printPath(best_checkpoint_path)
  if (why) print('', ...why)
  return EXIT.found
}
