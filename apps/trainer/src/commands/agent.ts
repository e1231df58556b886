import { Agent } from '../agent/agent.ts'
import { agentOptions } from '../agent/options.ts'
import { parse } from '../cli/parse.ts'
import { openBoard } from '../board/board.ts'
import { EXIT } from '../failure.ts'
import { StopRequest } from '../processes/stopRequest.ts'
import { notify } from '../cli/terminal.ts'
import { ErrorReporter } from '../cli/errorReporter.ts'
import { AGENT } from './agent.table.ts'

/**
 * Works for the board on this machine until SIGINT or SIGTERM: records runs, checks files and ships
 * checkpoints. Runs that still train continue, and the next agent adopts them.
 */
export async function main(words: readonly string[]): Promise<number> {
  parse(words, AGENT)
  const settings = agentOptions()
  using wish = new StopRequest()
  await using board = await openBoard()
  const troubles = new ErrorReporter((line) => notify(line))
  const agent = new Agent(board.db, board, troubles, settings)
  wish.signal.addEventListener('abort', () => agent.stop())
  notify(`The agent on ${board.host} works for ${board.db.describe}.`)
  if (!wish.signal.aborted) await agent.work()
  return EXIT.found
}
