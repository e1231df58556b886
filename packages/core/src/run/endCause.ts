import { z } from 'zod'

/** Why something beside the training program ended it. */
export const EndCode = z.enum([
  'time_limit',
  'deadline',
  'preempted',
  'requeued',
  'cancelled',
  'out_of_memory',
  'node_failed',
  'boot_failed',
])
export type EndCode = z.infer<typeof EndCode>

/** What ended an attempt, if the program did not end by itself. */
export const EndCause = z.object({
  code: EndCode,
  /** Who cancelled it, if Slurm says so. */
  by: z.string().max(400).nullable().default(null),
  /** Slurm does not say it; the circumstances show it. */
  is_inferred: z.boolean().default(false),
})
export type EndCause = z.infer<typeof EndCause>

const FAILURES: ReadonlySet<EndCode> = new Set(['out_of_memory', 'node_failed', 'boot_failed'])

/** Whether a run that ended so has failed. Otherwise it was stopped. */
export function isFailure({ code }: EndCause): boolean {
  return FAILURES.has(code)
}
