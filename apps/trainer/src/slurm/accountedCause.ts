import type { EndCause, SlurmJob } from '@bestmark/core'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { jsonObject } from '../files/json.ts'
import { printedBy } from './shownJob.ts'
import { BY_STATE, phaseOf } from './states.ts'

/** How long the accounting may show a job as running that has ended (ms). */
const PATIENCE = 60_000
/** How often it is asked meanwhile (ms). */
const AGAIN = 2_000

/** A job as the accounting of Slurm keeps it. */
export interface AccountedJob {
  state: string
  /** Who cancelled it. */
  by: string | null
}

/** What `sacct --json` prints, as far as it is used. Newer versions have a list of states. */
const Printed = z.object({
  jobs: z.array(
    z.object({
      job_id: z.number(),
      state: z.object({ current: z.union([z.string(), z.tuple([z.string()], z.string())]) }),
      kill_request_user: z.string().nullish(),
    }),
  ),
})

/**
 * Why Slurm ended a job that has ended, by its accounting. Undefined if it did not, or if the cluster
 * keeps no accounts. The accounts are behind, so they are asked until the job has ended there, too.
 */
export async function accountedCause({
  job_id,
}: Pick<SlurmJob, 'job_id'>): Promise<EndCause | undefined> {
  const began = performance.now()
  for (;;) {
    const job = await accountedJob(job_id)
    if (!job) return undefined
    if (phaseOf(job.state) === 'ended') return causeIn(job)
    if (performance.now() - began > PATIENCE) return undefined
    await sleep(AGAIN)
  }
}

function causeIn({ state, by }: AccountedJob): EndCause | undefined {
  const code = BY_STATE.get(state)
  return code && { code, by, is_inferred: false }
}

/** A job in the accounts of Slurm. Some builds of Slurm print no JSON. */
async function accountedJob(job_id: string): Promise<AccountedJob | undefined> {
  const json = await printedBy('sacct', ['--json', '-X', '-j', job_id])
  const job = json && readAccountedJson(json, job_id)
  if (job) return job
  const text = await printedBy('sacct', ['-X', '-n', '-P', '-o', 'State', '-j', job_id])
  return text ? readAccountedText(text) : undefined
}

/** Reads a job from what `sacct --json` prints; undefined if it is not there. */
export function readAccountedJson(text: string, job_id: string): AccountedJob | undefined {
  const { jobs } = Printed.safeParse(jsonObject(text)).data ?? { jobs: [] }
  const job = jobs.findLast((one) => String(one.job_id) === job_id)
  if (!job) return undefined
  const { current } = job.state
  return {
    state: typeof current === 'string' ? current : current[0],
    by: job.kill_request_user || null,
  }
}

/** Reads the state of a job from what `sacct` prints, such as `CANCELLED by 1000`. */
export async function readAccountedText(text: string): Promise<AccountedJob | undefined> {
  const [, state, uid] = /^([A-Z_]+)(?: by (\d+))?/.exec(text.trim()) ?? []
  if (state === undefined) return undefined
  const name = uid && (await printedBy('id', ['-nu', uid]))?.trim()
  return { state, by: name || null }
}
