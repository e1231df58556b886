import { SlurmJob } from '@bestmark/core'
import { processTree } from '../processes/tree.ts'

/** Names of jobs that only say how they were submitted: from stdin, by --wrap, or by salloc. */
const NAMELESS = new Set(['sbatch', 'wrap', 'interactive'])

let own: { job: SlurmJob | undefined } | undefined

/**
 * The Slurm job of this process, as it was when it was asked first: before it starts its program. What
 * a batch script began in the background before `exec` is a child of this process then.
 */
export function ownSlurmJob(): SlurmJob | undefined {
  own ??= { job: ifAlone(slurmJobOf(process.env, process.pid)) }
  return own.job
}

function ifAlone(job: SlurmJob | undefined): SlurmJob | undefined {
  if (!job?.is_whole_job || processTree(process.pid).size === 1) return job
  return { ...job, is_whole_job: false }
}

/**
 * The Slurm job in which a program with this environment runs; undefined if it runs in none. `pid` is
 * the process that Slurm started if the batch script is replaced by it (`exec`). srun gives each task
 * such a process, so that alone does not show that the job does nothing else.
 */
export function slurmJobOf(env: NodeJS.ProcessEnv, pid: number): SlurmJob | undefined {
  const whole = (name: string): number | null => {
    const text = env[name] ?? ''
    return /^\d+$/.test(text) ? Number(text) : null
  }
  const text = (name: string): string | null => env[name] || null
  const found = SlurmJob.safeParse({
    job_id: env['SLURM_JOB_ID'],
    array_job_id: text('SLURM_ARRAY_JOB_ID'),
    array_task_id: whole('SLURM_ARRAY_TASK_ID'),
    job_name: text('SLURM_JOB_NAME'),
    cluster: text('SLURM_CLUSTER_NAME'),
    partition: text('SLURM_JOB_PARTITION'),
    node_list: text('SLURM_JOB_NODELIST'),
    restart_count: whole('SLURM_RESTART_COUNT') ?? 0,
    is_whole_job: whole('SLURM_TASK_PID') === pid && text('SLURM_STEP_ID') === null,
  })
  return found.data
}

/** The default name of a run in a task of an array, such as `train_7`; undefined outside of one. */
export function arrayTaskName(job: SlurmJob | undefined, script: string): string | undefined {
  if (!job || job.array_task_id === null) return undefined
  const { job_name, array_task_id } = job
  const name = job_name && !NAMELESS.has(job_name) ? job_name : script
  return `${name.replace(/\.(sh|bash|sbatch|slurm|py)$/, '')}_${array_task_id}`
}
