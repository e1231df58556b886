import {
  COLUMN_KINDS,
  JOB_SHELVES,
  JobState,
  LogLevel,
  LONGEST_COLUMN,
  MOST_COLUMNS,
} from '@bestmark/core'
import {
  archiveJobs,
  columnChoices,
  compareJobs,
  deleteJobs,
  examples,
  jobDetail,
  jobHistory,
  jobLogPage,
  jobStatus,
  JobUnknown,
  lastTraceback,
  listJobs,
  noteJob,
  orderResume,
  orderRuns,
  removeExamples,
  renameJob,
  requestStop,
  restoreJobs,
  tagJobs,
} from '@bestmark/db'
import { z } from 'zod'
import { decidedBy } from './caller.ts'
import { NewRunsInput } from './recipes.ts'
import { sharedRead } from './sharedRead.ts'
import { Id, jobProcedure, procedure, router } from './trpc.ts'

const JobId = z.object({ job_id: Id })

const Tag = z.string().trim().min(1).max(60)

/** Jobs that are changed together: all of them, or none. */
const JobIds = z.object({ job_ids: z.array(Id).min(1).max(1_000) })

const ColumnKey = z.templateLiteral([
  z.enum(COLUMN_KINDS),
  ':',
  z.string().min(1).max(LONGEST_COLUMN),
])

const ListInput = z.object({
  shelf: z.enum(JOB_SHELVES).default('current'),
  tag: z.string().max(60).optional(),
  status: z.array(JobState).max(JobState.options.length).optional(),
  project: z.string().optional(),
  search: z.string().max(200).optional(),
  sort: z.union([z.enum(['newest', 'name', 'best']), ColumnKey]).default('newest'),
  descending: z.boolean().optional(),
  group: z.literal('project').optional(),
  columns: z.array(ColumnKey).max(MOST_COLUMNS).optional(),
  cursor: z.string().nullish(),
  limit: z.number().int().min(1).max(200).default(50),
})

/** Some jobs, or all jobs of a project. */
const Which = z.union(
  [z.object({ job_ids: z.array(Id).min(1).max(50) }), z.object({ project: z.string() })],
  {
    error: 'name 1 to 50 jobs by job_ids, or a project',
  },
)

const CompareInput = z.intersection(Which, z.object({ metric: z.string().max(300).optional() }))

const LogsInput = z.object({
  level: LogLevel.optional(),
  search: z.string().max(200).optional(),
  /** `older` of the page after it. */
  before: z.number().int().nonnegative().optional(),
  /** `newer` of the page before it. */
  after: z.number().int().min(-1).optional(),
  order: z.enum(['newest', 'oldest']).optional(),
  limit: z.number().int().min(1).max(5_000).default(500),
})

export const jobs = router({
  list: procedure.input(ListInput.prefault({})).query(({ ctx, input }) => {
    return sharedRead(ctx.db, ['jobs.list', input], () => listJobs(ctx.db, input))
  }),

  /** The columns that these jobs have, those in which they differ first. */
  columns: procedure
    .input(z.object({ job_ids: z.array(Id).max(200) }))
    .query(async ({ ctx, input }) => ({
      choices: await columnChoices(ctx.db, input.job_ids),
    })),

  status: procedure.input(JobId).query(async ({ ctx, input }) => {
    return found(input.job_id, await jobStatus(ctx.db, input.job_id))
  }),

  detail: procedure.input(JobId).query(async ({ ctx, input }) => {
    return sharedRead(ctx.db, ['jobs.detail', input], async () => {
      return found(input.job_id, await jobDetail(ctx.db, input.job_id))
    })
  }),

  /**
   * Which checkpoint of which run to ship, and why, with the curves of `metric` or of the deciding
   * metric. Runs whose metric, direction or evaluation data differ are grouped, not ranked across.
   */
  compare: procedure.input(CompareInput).query(({ ctx, input }) => {
    const { metric, ...which } = input
    return sharedRead(ctx.db, ['jobs.compare', input], () => compareJobs(ctx.db, which, { metric }))
  }),

  /**
   * A page of what the run logged and printed: the newest lines that match, or the first ones with
   * order `oldest`. In a page the newest line is last.
   */
  logs: jobProcedure.input(LogsInput).query(({ ctx, input, signal }) => {
    const { job_id, ...query } = input
    // A search may look through all lines, so it ends with its caller and nobody else waits for it.
    if (query.search || query.level) return jobLogPage(ctx.db, job_id, query, signal)
    return sharedRead(ctx.db, ['jobs.logs', input], () => jobLogPage(ctx.db, job_id, query))
  }),

  /** The ordinal of the line that begins the last traceback, else of the last error. */
  lastTraceback: jobProcedure.query(async ({ ctx, input }) => ({
    ordinal: await lastTraceback(ctx.db, input.job_id),
  })),

  /** Attempts, changes of the policy, scores and shipments, newest first. */
  history: jobProcedure.query(({ ctx, input }) => jobHistory(ctx.db, input.job_id)),

  /** Puts runs of a recipe into the queue of the agents; returns the ids that their jobs will have. */
  create: procedure.input(NewRunsInput).mutation(async ({ ctx, input }) => ({
    job_ids: await orderRuns(ctx.db, { ...input, by: decidedBy(ctx.caller, input.by) }),
  })),

  /** Orders its host to continue an ended run of a recipe from its last complete checkpoint. */
  resume: procedure
    .input(JobId.extend({ by: z.string().max(100).optional() }))
    .mutation(async ({ ctx, input: { job_id, by } }) => {
      await orderResume(ctx.db, { job_id, by: decidedBy(ctx.caller, by) })
      return { changed: 1 }
    }),

  /** Asks the agent of the run's host to stop it; the run writes a last checkpoint first. */
  stop: procedure.input(JobId).mutation(({ ctx, input }) => requestStop(ctx.db, input.job_id)),

  rename: procedure
    .input(JobId.extend({ name: z.string().trim().min(1).max(300) }))
    .mutation(async ({ ctx, input: { job_id, name } }) => {
      await renameJob(ctx.db, job_id, name)
      return { changed: 1 }
    }),

  note: procedure
    .input(JobId.extend({ note: z.string().trim().max(2_000) }))
    .mutation(async ({ ctx, input: { job_id, note } }) => ({
      changed: await noteJob(ctx.db, job_id, note),
    })),

  /** Adds and removes tags. */
  tag: procedure
    .input(JobIds.extend({ add: z.array(Tag).max(50), remove: z.array(z.string()).max(50) }))
    .mutation(async ({ ctx, input: { job_ids, ...tags } }) => ({
      changed: await tagJobs(ctx.db, job_ids, tags),
    })),

  /** Archived jobs leave the list and are still recorded; `archived: false` takes them back. */
  archive: procedure
    .input(JobIds.extend({ archived: z.boolean() }))
    .mutation(async ({ ctx, input: { job_ids, archived } }) => ({
      changed: await archiveJobs(ctx.db, job_ids, archived),
    })),

  /** Touches no file. Deleted jobs are recorded no further, and can be restored for 30 days. */
  delete: procedure.input(JobIds).mutation(async ({ ctx, input }) => ({
    changed: await deleteJobs(ctx.db, input.job_ids),
  })),

  /** Brings deleted jobs back. */
  restore: procedure.input(JobIds).mutation(async ({ ctx, input }) => ({
    changed: await restoreJobs(ctx.db, input.job_ids),
  })),

  /** The ids of the examples that an empty board begins with. */
  examples: procedure.query(({ ctx }) => examples(ctx.db)),

  /** Removes the examples from the board, except shipped ones; returns how many. */
  removeExamples: procedure.mutation(async ({ ctx }) => ({
    removed: await removeExamples(ctx.db),
  })),
})

function found<T>(job_id: string, value: T | undefined): T {
  if (value === undefined) throw new JobUnknown(job_id)
  return value
}
