/** The request cannot be done; the message is a sentence for the person who made it. */
export class Refused extends Error {
  override readonly name = 'Refused'
}

/** No such job on this board. */
export class JobUnknown extends Error {
  override readonly name = 'JobUnknown'
  readonly job_id: string

  constructor(job_id: string) {
    super(`There is no job ${job_id} on this board.`)
    this.job_id = job_id
  }
}
