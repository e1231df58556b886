import { isActive } from '@bestmark/core'
import { audienceOf, currentFiles, type Database, type HostedJob } from '@bestmark/db'
import { holdsOtherRun, runMarks } from '../recording/replacedRuns.ts'
import { sweepJob } from '../recording/sweep.ts'
import type { HostJobs } from './hostJobs.ts'
import { KeptFiles } from './keptFiles.ts'

/** The files of a job rest for this share of the time since it changed last, and no longer than this (ms). */
const REST = { share: 1 / 20, active: 60_000, ended: 30 * 60_000 }

/** How long the files of a job need no look (ms). `least` is the shortest rest. */
export function restOf(
  { status }: Pick<HostedJob, 'status'>,
  unchanged_for: number,
  least: number,
): number {
  const longest = isActive(status) ? REST.active : REST.ended
  return Math.max(least, Math.min(longest, unchanged_for * REST.share))
}

/**
 * Decides whose files are checked next, and checks them. A job that changed a short while ago, or that
 * somebody looks at, is checked often; one that ended long ago rarely, because each look costs requests
 * on a mounted disk. What was read of a job is kept, so that a look needs no query if nothing changed.
 */
export class Sweeper {
  readonly #db: Database
  readonly #jobs: HostJobs
  readonly #least: number
  readonly #sweptAt = new Map<string, number>()
  readonly #files = new KeptFiles()
  readonly #others = new Map<string, { key: string; isOther: boolean }>()

  /** `least`: the shortest time between two looks at the files of a job (ms). */
  constructor(db: Database, jobs: HostJobs, least: number) {
    this.#db = db
    this.#jobs = jobs
    this.#least = least
  }

  /** The job whose files wait longest for a look that is due; undefined if there is none. */
  next(): HostedJob | undefined {
    const now = performance.now()
    let next: { job: HostedJob; at: number } | undefined
    for (const job of this.#jobs.all()) {
      const at = this.#sweptAt.get(job.job_id) ?? -Infinity
      if (now - at >= this.#restOf(job) && (!next || at < next.at)) next = { job, at }
    }
    return next?.job
  }

  async sweep(job: HostedJob): Promise<void> {
    this.#sweptAt.set(job.job_id, performance.now())
    const { job_id, checkpoints_revision } = job
    const files =
      this.#files.of(job_id, checkpoints_revision) ?? (await currentFiles(this.#db, job_id))
    this.#files.keep(job_id, checkpoints_revision, files)
    await sweepJob(this.#db, job, { files, holdsOtherRun: () => this.holdsOtherRun(job) })
  }

  /** As `holdsOtherRun`, which is asked only if the folder or the jobs of the folder changed. */
  async holdsOtherRun({ job_id, root, revision }: HostedJob): Promise<boolean> {
    const here = this.#jobs.all().filter((job) => job.root === root)
    const ids = here.map((job) => job.job_id).join()
    const key = `${revision} ${ids} ${await runMarks(root)}`
    const kept = this.#others.get(job_id)
    if (kept?.key === key) return kept.isOther
    const isOther = await holdsOtherRun(this.#db, { job_id, root })
    this.#others.set(job_id, { key, isOther })
    return isOther
  }

  #restOf(job: HostedJob): number {
    if (audienceOf(this.#db).isFollowed(job.job_id)) return this.#least
    return restOf(job, this.#jobs.now(job) - job.changed_at, this.#least)
  }
}
