import type { PolicyChoice } from '@bestmark/core'
import { backtestJobs } from '../backtest/backtest.ts'
import type { Database } from '../connection/client.ts'
import { Refused } from '../values/refused.ts'

/**
 * Policy `scored` with the coefficients that the backtest of the board's own runs chose, judged by the
 * told metric, else by each run's own task metric. Throws Refused with what the backtest said,
 * unless it recommends the policy.
 */
export async function backtestedPolicy(
  db: Database,
  { policy, options }: PolicyChoice,
): Promise<PolicyChoice> {
  const { metric: target = 'task', direction } = options
  const { scored } = await backtestJobs(db, { target, direction })
  if (!scored.recommended) {
    throw new Refused(scored.text)
  }
  return { policy, options: { ...options, coefficients: scored.coefficients } }
}
