import { Failure, errorText } from '../../failure.ts'
import { pause } from '../../pause.ts'

/** How a part of the board is restarted. */
export interface Restarts {
  /** The most restarts in a row. */
  most: number
  /** The first wait, doubled each time (ms), and the longest. */
  wait: { first: number; longest: number }
  /** After this time (ms) without an end the count starts again. */
  steady: number
}

export const RESTARTS: Restarts = {
  most: 10,
  wait: { first: 500, longest: 30_000 },
  steady: 60_000,
}

/**
 * Runs a part, and restarts it after each end, with a message and a wait. `run` fulfils with how it
 * ended, such as "was killed by SIGKILL". Returns when the signal aborts. Throws a Failure after too
 * many ends in a row.
 */
export async function runWithRestarts(
  name: string,
  run: () => Promise<string>,
  signal: AbortSignal,
  { log, restarts = RESTARTS }: { log: (line: string) => void; restarts?: Restarts },
): Promise<void> {
  for (let row = 0; !signal.aborted;) {
    const since = performance.now()
    const how = await run().catch((error: unknown) => `failed (${errorText(error)})`)
    if (signal.aborted) return
    row = performance.now() - since > restarts.steady ? 1 : row + 1
    if (row > restarts.most) {
      throw new Failure(
        `${name} ${how}. It ended ${row} times in a row, so it is not started again.`,
      )
    }
    const wait = Math.min(restarts.wait.first * 2 ** (row - 1), restarts.wait.longest)
    log(
      `${name} ${how}. It starts again in ${wait / 1000} s (${row} of ${restarts.most} in a row).`,
    )
    await pause(wait, signal)
  }
}
