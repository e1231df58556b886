import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/** How long one of Slurm's programs may take (ms). */
const PATIENCE = 5_000

/** A job as `scontrol show job` prints it. */
export interface ShownJob {
  /** `RUNNING`, `TIMEOUT`, …; `COMPLETING` while its processes end. */
  state: string
  /** Why it waits or ended; `None` if there is no reason. */
  reason: string
  restarts: number
  /** Local time of the cluster, such as `2026-11-28T00:54:46`. */
  started_at: string
  /** Local time of the cluster; before the end, when its time is over. */
  ended_at: string
  /** The exit code and the signal of its script, such as `4:0`. */
  exit_code: string
  is_batch: boolean
  /** The file of its stderr; empty if there is none. */
  stderr: string
}

/**
 * A job that Slurm knows, which is one that waits, runs, or ended some minutes ago. Undefined if Slurm
 * does not know it, does not answer, or is not installed.
 */
export async function shownJob(job_id: string): Promise<ShownJob | undefined> {
  const text = await printedBy('scontrol', ['show', 'job', job_id])
  return text === undefined ? undefined : readShownJob(text)
}

/** Whether Slurm is installed and answers. */
export async function isSlurmThere(): Promise<boolean> {
  return (await printedBy('sinfo', ['--noheader', '--format=%t'])) !== undefined
}

/** The output of one of Slurm's programs; undefined if it fails, is missing, or takes too long. */
export async function printedBy(
  program: string,
  words: readonly string[],
): Promise<string | undefined> {
  try {
    return (await execute(program, words, { timeout: PATIENCE })).stdout
  } catch {
    return undefined
  }
}

/** Reads what `scontrol show job` prints. The name of a job cannot stand for another field. */
export function readShownJob(text: string): ShownJob | undefined {
  const field = (pattern: RegExp): string | undefined => pattern.exec(text)?.[1]
  const state = field(/^ +JobState=(\S+)/m)
  if (state === undefined) return undefined
  return {
    state,
    reason: field(/^ +JobState=\S+ Reason=(\S+)/m) ?? 'None',
    restarts: Number(field(/^ +Requeue=\d+ Restarts=(\d+)/m) ?? 0),
    started_at: field(/^ +StartTime=(\S+)/m) ?? '',
    ended_at: field(/^ +StartTime=\S+ EndTime=(\S+)/m) ?? '',
    exit_code: field(/^ +Requeue=.* ExitCode=(\S+)/m) ?? '',
    is_batch: field(/^ +Requeue=.* BatchFlag=(\d+)/m) !== '0',
    stderr: field(/^ +StdErr=(.*)$/m)?.trim() ?? '',
  }
}
