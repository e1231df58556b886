import { releaseMemoryWhenIdle } from '@bestmark/db'
import { Agent } from '../agent/agent.ts'
import { AGENT_CONNECTIONS, agentOptions } from '../agent/options.ts'
import { parse } from '../cli/parse.ts'
import { openBoard } from '../board/board.ts'
import { EXIT } from '../failure.ts'
import { StopRequest } from '../processes/stopRequest.ts'
import { notify } from '../cli/terminal.ts'
import { ErrorReporter } from '../cli/errorReporter.ts'
import { AGENT } from './agent.table.ts'

/**
 * Records runs, checks files and ships checkpoints on this machine until SIGINT or SIGTERM. Programs
 * that still train continue, and the next agent adopts their runs.
 */
export async function main(words: readonly string[]): Promise<number> {
  parse(words, AGENT)
  const options = agentOptions()
  using stopRequest = new StopRequest()
  using released = new DisposableStack()
  released.defer(releaseMemoryWhenIdle())
  await using board = await openBoard(process.env, { connections: AGENT_CONNECTIONS })
  const errors = new ErrorReporter((line) => notify(line))
  const agent = new Agent(board.db, board, errors, options)
  stopRequest.signal.addEventListener('abort', () => agent.stop())
  notify(`The agent on ${board.host} works for ${board.db.describe}.`)
  if (!stopRequest.signal.aborted) await agent.work()
  return EXIT.found
}
