import { freezeChoice, type FrozenChoice, type Measured, ownValue, stepKey } from '@bestmark/core'
import type { Database } from '../connection/client.ts'
import type { Tx } from '../rows/job.ts'
import { decided } from '../selection/decided.ts'

/** A checkpoint in the decision over its job. */
export interface ShippedChoice {
  /** Null if the job is not decided. */
  choice: FrozenChoice | null
  /** What was measured of the checkpoint. */
  values: Readonly<Record<string, Measured>>
  /** Where it was saved; null if the job has no such checkpoint. */
  at: { attempt: number; step: number | null } | null
}

/** A checkpoint with its values, and the decision over its job at this moment. */
export async function shippedChoice(
  db: Database,
  tx: Tx,
  { job_id, checkpoint_id }: { job_id: string; checkpoint_id: string },
): Promise<ShippedChoice> {
  const made = await decided(db, tx, job_id)
  const at = made?.checkpoints.find((one) => one.checkpoint_id === checkpoint_id)
  if (!made || !at) return { choice: null, values: {}, at: null }
  const { selection, measured } = made
  const values = measured.get(stepKey(at)) ?? {}
  const value = selection.metric === null ? null : (ownValue(values, selection.metric) ?? null)
  return { choice: freezeChoice(selection, checkpoint_id, value), values, at }
}
