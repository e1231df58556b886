import { isSlurmThere, printedBy, shownJob } from './shownJob.ts'
import { phaseOf } from './states.ts'

/** Ends a job of Slurm, or takes it out of its queue; returns whether Slurm took the request. */
export async function cancelSlurmJob(job_id: string): Promise<boolean> {
  return (await printedBy('scancel', [job_id])) !== undefined
}

/**
 * Ends a job, or a step such as `17.0`; returns whether Slurm took the request. A job gets SIGTERM, and
 * SIGKILL some time later. Slurm kills a step at once, so that is done only if it `isLate`.
 */
export async function cancelled(target: string, isLate: boolean): Promise<boolean> {
  const isStep = target.includes('.')
  const words = isStep && !isLate ? ['--signal=TERM', target] : [target]
  return (await printedBy('scancel', words)) !== undefined
}

/**
 * Whether a job or a step of a cluster waits or runs; undefined if Slurm does not answer, or is another
 * cluster, where the number is of another job.
 */
export async function isThere(
  target: string,
  cluster: string | null,
): Promise<boolean | undefined> {
  const config = await printedBy('scontrol', ['show', 'config'])
  if (cluster === null || !config || clusterIn(config) !== cluster) return undefined
  const [job_id = '', step] = target.split('.')
  const shown = await shownJob(job_id)
  if (!shown) return (await isSlurmThere()) ? false : undefined
  if (phaseOf(shown.state) === 'ended') return false
  if (step === undefined) return true
  const steps = await printedBy('squeue', ['--steps', `--jobs=${job_id}`, '--noheader', '-o', '%i'])
  return steps?.split('\n').some((line) => line.trim() === target)
}

function clusterIn(config: string): string | undefined {
  return /^ClusterName\s*= (\S+)$/m.exec(config)?.[1]
}
