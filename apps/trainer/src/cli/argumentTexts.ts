/** How a person names a job. */
export const JOB = 'the id of a job, the beginning of its id, or its name'
