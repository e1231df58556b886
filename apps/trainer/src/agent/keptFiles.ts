import type { StoredFiles } from '@bestmark/db'

/** The most checkpoints that are kept, of all jobs together: some 10 MB. */
const MOST = 20_000

interface Kept {
  revision: number
  files: readonly StoredFiles[]
}

/** The stored checkpoints of jobs, as long as they do not change and there are not too many. */
export class KeptFiles {
  readonly #jobs = new Map<string, Kept>()
  readonly #most: number
  #count = 0

  constructor(most = MOST) {
    this.#most = most
  }

  /** The checkpoints of a job; undefined if they must be read. */
  of(job_id: string, revision: number): readonly StoredFiles[] | undefined {
    const kept = this.#jobs.get(job_id)
    return kept?.revision === revision ? kept.files : undefined
  }

  /** Keeps the checkpoints of a job. Those that were kept first give way. */
  keep(job_id: string, revision: number, files: readonly StoredFiles[]): void {
    this.#drop(job_id)
    this.#jobs.set(job_id, { revision, files })
    this.#count += files.length
    for (const [oldest] of this.#jobs) {
      if (this.#count <= this.#most) return
      this.#drop(oldest)
    }
  }

  #drop(job_id: string): void {
    this.#count -= this.#jobs.get(job_id)?.files.length ?? 0
    this.#jobs.delete(job_id)
  }
}
