import type { PolicyChoice } from '@bestmark/core'
import { backtestJobs } from '../backtest/backtest.ts'
import type { Database } from '../connection/client.ts'
import { Refused } from '../values/refused.ts'

/**
 * Policy `scored` with the coefficients that the backtest of the board's runs chose. Its target is
 * the given metric, by default each run's task metric. Throws Refused with the backtest's result,
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
