import type { Policy, PolicyOptions } from '@bestmark/core'
import { sql } from 'drizzle-orm'
import { bigint, index, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import { milliseconds, plain, storableText } from './columns.ts'
import { trainingJobs } from './trainingJobs.ts'

/**
 * What a policy was changed for: one job, or all jobs of a project that have no policy themselves.
 */
export type PolicyScope = 'job' | 'project'

/**
 * Every change of a policy, in order. Rows are only added, except that removing an example deletes
 * its rows.
 */
export const policyChanges = pgTable(
  'policy_changes',
  {
    change_id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    scope: text().$type<PolicyScope>().notNull(),
    /** Null for a project's. */
    job_id: uuid().references(() => trainingJobs.job_id),
    /** The project, or the one that the job was in. */
    project: storableText().notNull(),
    /** Null: back to the project's policy, or the default. */
    policy: text().$type<Policy>(),
    options: plain().$type<PolicyOptions>().notNull(),
    /** Who changed it, as the person wrote it. */
    by: storableText().notNull(),
    /** By the database's clock. */
    changed_at: milliseconds().notNull(),
  },
  (row) => [
    index('policy_changes_job').on(row.job_id, row.change_id),
    // The index uses a digest: an entry must stay under 2.7 kB, and a project's name has no limit.
    index('policy_changes_project').on(sql`md5(${row.project})`, row.change_id),
  ],
)
