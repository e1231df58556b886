import { openBoard } from '../board/board.ts'
import { ErrorReporter } from '../cli/errorReporter.ts'
import { notify } from '../cli/terminal.ts'
import { AlertSender } from './alertSender.ts'

/** A sender as its own process, for a test that kills it. It uses the board of its environment. */
await using board = await openBoard()
const errors = new ErrorReporter((line) => notify(line))
const pace = { round: 20, timeout: 60_000, lease: 500 }
await new AlertSender(board.db, async () => 'http://board', errors, pace).work()
