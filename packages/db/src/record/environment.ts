import type { EventOf } from '@bestmark/core'
import type { JobRow } from '../schema.ts'

/**
 * The environment of a job after a setup. A program that describes its host and is in no Slurm job
 * has left the Slurm job of an earlier start.
 */
export function environmentAfter(
  previous: JobRow['environment'],
  { environment }: EventOf<'setup'>,
): JobRow['environment'] {
  const { slurm: _, ...others } = previous
  const isOutside = 'host' in environment && !('slurm' in environment)
  return { ...(isOutside ? others : previous), ...environment }
}
