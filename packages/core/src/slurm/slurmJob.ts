import { z } from 'zod'

const text = z.string().max(4_000)
const number = z.number().int().nonnegative()

/**
 * The Slurm job in which a run trains, as `environment.slurm` of its setup has it. A task of an array
 * has its own `job_id`; people know it as `<array_job_id>_<array_task_id>`.
 */
export const SlurmJob = z.object({
  job_id: text.regex(/^\d+$/),
  array_job_id: text.regex(/^\d+$/).nullable().default(null),
  array_task_id: number.nullable().default(null),
  job_name: text.nullable().default(null),
  cluster: text.nullable().default(null),
  partition: text.nullable().default(null),
  node_list: text.nullable().default(null),
  /** How often Slurm started the job again, as after a preemption. */
  restart_count: number.default(0),
  /** The job does nothing else, so ending the job ends only this run. */
  is_whole_job: z.boolean().default(false),
  /** The number of the step of srun that does nothing else, so ending the step ends only this run. */
  own_step_id: text.regex(/^\d+$/).nullable().default(null),
})
export type SlurmJob = z.infer<typeof SlurmJob>

/** The Slurm job in the environment of a run; null if there is none. */
export function slurmJobIn(environment: Readonly<Record<string, unknown>>): SlurmJob | null {
  return SlurmJob.safeParse(environment['slurm']).data ?? null
}

/** What scancel may end so that only this run ends: its job or its step; null if other work would end. */
export function cancellable({ job_id, is_whole_job, own_step_id }: SlurmJob): string | null {
  if (is_whole_job) return job_id
  return own_step_id === null ? null : `${job_id}.${own_step_id}`
}
