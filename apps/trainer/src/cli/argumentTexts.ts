/** How a person names a job. */
export const JOB = 'the id of a job, the beginning of its id, or its name'

/** The project of a job that is started without a project. */
export const DEFAULT_PROJECT = 'bestmark'
