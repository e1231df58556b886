import { isFiniteMeasure } from '@bestmark/core'
import { rm } from 'node:fs/promises'
import { type ClaimedDeployment, databaseFailure } from '@bestmark/db'
import { readManifest } from './manifest.ts'
import { deliver } from '../targets/delivery.ts'
import type { TargetOptions } from '../targets/targetOptions.ts'
import type { Report } from './verification.ts'

/** How often an agent says that a delivery still goes on (ms); it may take hours. */
const STILL = 5_000

interface DeliverySteps {
  report: Report
  answered: (output: string | null) => void
  /** Throws if a condition does not hold now. */
  assertMet: () => Promise<void>
  /** Throws if another agent now ships it. */
  assertOurs: () => Promise<void>
}

/**
 * The step of a shipment that checks the conditions again, and hands a complete version to its target;
 * a folder has it already. `answered` gets the target's answer. If a condition does not hold, or the
 * target does not take the version, its folder is removed. If the agent is stopped, or the database
 * fails, it stays, and the next agent delivers it.
 */
export function deliveryStep(
  order: ClaimedDeployment,
  options: TargetOptions,
  { report, answered, assertMet, assertOurs }: DeliverySteps,
  signal: AbortSignal,
): (folder: string) => Promise<void> {
  const { deployment_id, model_name, target, job_id, job_name, step, choice, created_at } = order
  const value = isFiniteMeasure(choice?.value) ? choice.value : null
  const facts = {
    deployment_id,
    model_name,
    target,
    job_id,
    job_name,
    step,
    metric: choice?.metric ?? null,
    value,
    created_at,
  }
  const { bytes_total } = order
  let bytes_done = options.kind === 's3' ? 0 : bytes_total
  const say = (): void => report({ status: 'delivering', bytes_done, bytes_total })
  const progress = (bytes: number): void => {
    // A model card may have grown since the order.
    bytes_done = Math.min(bytes, bytes_total)
    say()
  }
  const handOver = async (folder: string): Promise<void> => {
    await assertMet()
    if (options.kind === 'folder') return
    say()
    const timer = setInterval(say, STILL)
    try {
      const manifest = await readManifest(folder)
      const files = manifest?.files ?? {}
      const { output } = await deliver(
        options,
        { folder, files, ...facts },
        {
          ...{ signal, progress, assertOurs, manifest: manifest ?? {} },
        },
      )
      answered(output)
    } finally {
      clearInterval(timer)
    }
  }
  return async (folder) => {
    try {
      await handOver(folder)
    } catch (error) {
      const isKept = signal.aborted || databaseFailure(error) !== undefined
      if (isKept) throw error
      // Another agent may deliver the same folder now.
      await assertOurs()
      await rm(folder, { recursive: true, force: true })
      throw error
    }
  }
}
