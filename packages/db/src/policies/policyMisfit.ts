import { type PolicySettings, settingOf } from '@bestmark/core'
import type { Database } from '../connection/client.ts'
import type { PolicyFor } from '../rows/projectPolicy.ts'
import { decidingRows, snapshot } from '../selection/selection.ts'

/**
 * What was told to a policy that has no use for it, as one sentence that names the choices there
 * are; undefined where all of it goes together.
 */
export async function policyMisfit(
  db: Database,
  whose: PolicyFor,
  settings: PolicySettings,
): Promise<string | undefined> {
  const { policy, told } = settings
  if (policy === 'as_declared' && told.metric !== undefined) {
    return `Policy as_declared goes by what each run declared; for ${told.metric} choose policy metric, or tell it as what decides where nothing is declared.`
  }
  if (policy !== 'within_noise' && told.prefer !== undefined) {
    return `Policy ${policy} prefers nothing; to take the ${told.prefer} of near ties choose policy within_noise.`
  }
  if (policy !== 'scored' && told.weights !== undefined) {
    return `Policy ${policy} weighs nothing; to go by weights choose policy scored.`
  }
  if (told.direction === undefined || told.metric !== undefined) return undefined
  if (policy === 'metric') return undefined
  return directionMisfit(db, whose, settings)
}

/** A direction alone is of use to a job whose own metric has none; a project's next job may be another. */
async function directionMisfit(
  db: Database,
  whose: PolicyFor,
  { policy, told }: PolicySettings,
): Promise<string | undefined> {
  const { direction, ...rest } = told
  const advice = 'choose policy metric and name one, or leave the direction out'
  if ('project' in whose) {
    return `A direction (${direction}) alone is told for one job, whose metric needs it; for a project ${advice}.`
  }
  const rows = await snapshot(db, (tx) => decidingRows(tx, whose.job_id))
  if (!rows) return undefined
  const { decided } = settingOf({ ...rows.input, policy, told: rest })
  if (decided.metric === null || decided.direction === null) return undefined
  const better = decided.direction === 'min' ? 'low' : 'high'
  return `A direction (${direction}) goes with a metric whose own is not known, and ${decided.metric} is better ${better}: ${advice}.`
}
