import { bigint, uuid } from 'drizzle-orm/pg-core'
import { trainingJobs } from './trainingJobs.ts'

/** A whole number that is exact as a double. */
export const whole = () => bigint({ mode: 'number' })

/** The job's revision at the last write of the row. */
export const revision = () => whole().notNull()

/** The job of a row, which is deleted with it. */
export const jobId = () =>
  uuid()
    .notNull()
    .references(() => trainingJobs.job_id, { onDelete: 'cascade' })
