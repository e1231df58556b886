import { parseWords } from '../arguments.ts'
import { openBoard } from '../board.ts'
import { EXIT, Failure } from '../failure.ts'
import { oneJob } from '../oneJob.ts'

export const usage = 'bestmark best JOB'

/** Prints the path of a job's best checkpoint and nothing else. */
export async function main(words: readonly string[]): Promise<number> {
  const { positionals } = parseWords(words, {}, usage)
  const [named, ...others] = positionals
  if (named === undefined || others.length > 0) {
    throw new Failure(`Name one job by its id, the beginning of it, or its name. Usage: ${usage}`)
  }
  await using board = await openBoard()
  const { best_checkpoint_path } = await oneJob(board.db, named)
  if (best_checkpoint_path === null) return EXIT.nothing
  process.stdout.write(`${best_checkpoint_path}\n`)
  return EXIT.found
}
