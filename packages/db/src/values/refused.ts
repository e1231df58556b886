/** The request cannot be done; the message is a sentence for the person who made it. */
export class Refused extends Error {
  override readonly name = 'Refused'
}

/** No agent sees the files of a job, so nothing can be done with them. */
export class NoAgent extends Refused {
  readonly code = 'no_agent'
}

/** No such job on this board. */
export class JobUnknown extends Error {
  override readonly name: string = 'JobUnknown'
  readonly job_id: string

  constructor(job_id: string, message = `There is no job ${job_id} on this board.`) {
    super(message)
    this.job_id = job_id
  }
}

/** What was read of a job. Throws JobUnknown if nothing was. */
export function existing<T>(job_id: string, value: T | undefined): T {
  if (value === undefined) throw new JobUnknown(job_id)
  return value
}

/** The job's run is in another folder now, so what was read in this one is not recorded. */
export class JobMoved extends Error {
  override readonly name = 'JobMoved'

  constructor({ job_id, output_dir }: { job_id: string; output_dir: string }) {
    super(`The run of job ${job_id} is in another folder now: ${output_dir}.`)
  }
}

/** A person deleted the job, so nothing is recorded of it until somebody restores it. */
export class JobDeleted extends JobUnknown {
  override readonly name = 'JobDeleted'

  constructor({ job_id, name }: { job_id: string; name: string }) {
    super(job_id, `The job "${name}" was deleted from this board. ${HOW_TO_RESTORE}`)
  }
}

const HOW_TO_RESTORE =
  'To get it back, restore it in the list of deleted jobs, or run `bestmark import --restore PATH`.'
