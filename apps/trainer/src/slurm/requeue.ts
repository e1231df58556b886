import { type SlurmJob, slurmJobIn, slurmNumber } from '@bestmark/core'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { readSetupNote } from '../sources/config/setupNote.ts'
import { readRunNote } from '../sources/runNote.ts'

/**
 * The job whose run is in a folder, if the same Slurm job wrote it before Slurm started that job again.
 * Undefined if it is not, or if the folder has no run.
 */
export async function requeuedJob(
  folder: string,
  slurm: SlurmJob | undefined,
): Promise<string | undefined> {
  if (!slurm || slurm.restart_count === 0) return undefined
  const before = slurmJobIn((await readSetupNote(folder))?.environment ?? {})
  const isSame = before?.job_id === slurm.job_id && before.cluster === slurm.cluster
  if (!isSame || before.restart_count >= slurm.restart_count) return undefined
  return (await readRunNote(folder))?.job_id ?? undefined
}

/**
 * The folder for the output of a Slurm job that names none, so that the job finds it after a requeue.
 * Undefined if another run of the same Slurm job has it.
 */
export async function slurmFolder(
  folders: string,
  name: string,
  slurm: SlurmJob | undefined,
): Promise<string | undefined> {
  if (!slurm) return undefined
  const folder = join(folders, `${name}-slurm-${slurmNumber(slurm)}`)
  if (!existsSync(folder)) return folder
  return (await requeuedJob(folder, slurm)) === undefined ? undefined : folder
}
