import {
  checkConditions,
  type ConditionCheck,
  conditionText,
  isSameData,
  type LiveFacts,
  type TargetConditions,
} from '@bestmark/core'
import { eq, inArray } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import { runsOf } from '../comparison/runsOfJobs.ts'
import { snapshot } from '../rows/snapshot.ts'
import type { Tx } from '../rows/job.ts'
import { deployments, trainingJobs } from '../schema.ts'
import { Refused } from '../values/refused.ts'
import { type Deployment, liveDeployments, readChoice } from './deployments.ts'
import { shippedChoice, type ShippedChoice } from './shippedChoice.ts'

/** Conditions of a target do not hold, so nothing is shipped. */
export class HeldBack extends Refused {
  /** Every condition, also those that hold. */
  readonly checks: readonly ConditionCheck[]

  constructor(target: string, checks: readonly ConditionCheck[]) {
    const failed = checks.filter(({ passes }) => !passes).map(conditionText)
    super(`Nothing is shipped to ${target}, because a condition does not hold. ${failed.join(' ')}`)
    this.checks = checks
  }
}

/** What is to be shipped, and where. */
export interface CheckedOrder {
  job_id: string
  checkpoint_id: string
  host_id: string | null
  target: string
  model_name: string
}

/** Checks an order against conditions as things are now. Throws HeldBack if one does not hold. */
export async function assertConditions(
  db: Database,
  order: CheckedOrder,
  conditions: TargetConditions,
): Promise<void> {
  await snapshot(db, (tx) => metConditions(db, tx, order, conditions))
}

/** The outcome for an order that meets all conditions. Throws HeldBack if one does not hold. */
export async function metConditions(
  db: Database,
  tx: Tx,
  order: CheckedOrder,
  conditions: TargetConditions,
): Promise<ConditionCheck[]> {
  const checks = await conditionChecks(db, tx, order, conditions)
  if (checks.every(({ passes }) => passes)) return checks
  throw new HeldBack(order.target, checks)
}

/** Checks every condition for an order, also those that do not hold. */
export async function conditionChecks(
  db: Database,
  tx: Tx,
  order: CheckedOrder,
  conditions: TargetConditions,
): Promise<ConditionCheck[]> {
  const shipped = await shippedChoice(db, tx, order)
  const live = conditions.better_than_live ? await liveFacts(tx, order, shipped) : null
  return checkConditions(conditions, { ...shipped, live })
}

/** What is live where the order goes; null if nothing is. */
async function liveFacts(
  tx: Tx,
  order: CheckedOrder,
  shipped: ShippedChoice,
): Promise<LiveFacts | null> {
  const { model_name, host_id, target, job_id, checkpoint_id } = order
  const all = await liveDeployments({ orm: tx }, { model_name })
  const found = all.find((one) => one.host_id === host_id && one.target === target)
  if (!found) return null
  const [row] = await tx
    .select({ choice: deployments.choice })
    .from(deployments)
    .where(eq(deployments.deployment_id, found.deployment_id))
  const is_same_checkpoint = found.job_id === job_id && found.checkpoint_id === checkpoint_id
  const is_same_data = await isOnSameData(tx, found, { ...shipped, job_id })
  return { choice: readChoice(row?.choice ?? null), is_same_checkpoint, is_same_data }
}

/** Whether no sign shows that both were evaluated on different data. */
async function isOnSameData(
  tx: Tx,
  live: Deployment,
  { job_id, choice, at }: ShippedChoice & { job_id: string },
): Promise<boolean> {
  const metric = choice?.metric ?? null
  if (metric === null || at === null) return true
  const job_ids = [...new Set([live.job_id, job_id])]
  const jobs = await tx.select().from(trainingJobs).where(inArray(trainingJobs.job_id, job_ids))
  const runs = await runsOf(tx, jobs)
  const [before, run] = [live.job_id, job_id].map((id) => runs.find((one) => one.job_id === id))
  if (!before || !run) return true
  return isSameData({ at: { ...live, metric }, run: before }, { at: { ...at, metric }, run })
}
