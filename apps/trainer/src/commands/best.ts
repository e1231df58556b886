import { checkpointsOf } from '@bestmark/db'
import { parse } from '../cli/parse.ts'
import { openBoard } from '../board/board.ts'
import { BEST } from './best.table.ts'
import { explained } from './pick/choice.ts'
import { EXIT } from '../failure.ts'
import { oneJob } from '../board/oneJob.ts'
import { print, printPath, tell } from '../cli/terminal.ts'

/** Prints the path of a job's best checkpoint and nothing else, or also the whole explanation. */
export async function main(words: readonly string[]): Promise<number> {
  const { args, values } = parse(words, BEST)
  await using board = await openBoard()
  const { best_checkpoint_path, job_id } = await oneJob(board.db, args.JOB)
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
