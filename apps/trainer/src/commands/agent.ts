import { Agent } from '../agent.ts'
import { parseWords } from '../arguments.ts'
import { openBoard } from '../board.ts'
import { EXIT, sentence } from '../failure.ts'

export const usage = 'bestmark agent'

/**
 * Works for the board on this machine until SIGINT or SIGTERM: records runs, looks after files,
 * ships checkpoints. Runs that still train go on, and the next agent adopts them.
 */
export async function main(words: readonly string[]): Promise<number> {
  parseWords(words, {}, usage)
  await using board = await openBoard()
  const agent = new Agent(board.db, board, (error) => process.stderr.write(`${sentence(error)}\n`))
  const stop = (): void => agent.stop()
  process.on('SIGINT', stop).on('SIGTERM', stop).on('SIGHUP', stop)
  process.stderr.write(`bestmark agent of ${board.host} works for ${board.db.describe}\n`)
  await agent.work()
  return EXIT.found
}
