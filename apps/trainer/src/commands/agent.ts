import { Agent } from '../agent/agent.ts'
import { agentSettings } from '../agent/settings.ts'
import { parseWords } from '../cli/arguments.ts'
import { openBoard } from '../board/board.ts'
import { EXIT } from '../failure.ts'
import { StopWish } from '../processes/stopWish.ts'
import { tell } from '../cli/terminal.ts'
import { Troubles } from '../cli/troubles.ts'

export const usage = `bestmark agent
BESTMARK_LOST_AFTER (5) times its own cadence a run may be silent before it is called lost;
BESTMARK_DIGEST_RATE (50) MB a second are read of checkpoints for their SHA-256, 0 for none.`

/**
 * Works for the board on this machine until SIGINT or SIGTERM: records runs, looks after files,
 * ships checkpoints. Runs that still train go on, and the next agent adopts them.
 */
export async function main(words: readonly string[]): Promise<number> {
  parseWords(words, {}, usage)
  const settings = agentSettings()
  using wish = new StopWish()
  await using board = await openBoard()
  const troubles = new Troubles((line) => tell(line))
  const agent = new Agent(board.db, board, troubles, settings)
  wish.signal.addEventListener('abort', () => agent.stop())
  tell(`bestmark agent of ${board.host} works for ${board.db.describe}`)
  if (!wish.signal.aborted) await agent.work()
  return EXIT.found
}
