import { Count, JobState, LogLevel, measuredPlain, nearest } from '@bestmark/core'
import {
  jobLogPage,
  listJobs,
  listSamples,
  namedJob,
  readSeries,
  seriesNames,
  type CheckpointList,
  type CheckpointPage,
  type Database,
} from '@bestmark/db'
import { TRPCError } from '@trpc/server'
import { z } from 'zod'
import { checkpointList, MOST_CHECKPOINTS } from '../checkpoints.ts'
import { procedure, router } from '../trpc.ts'
import {
  Best,
  Checkpoints,
  JobPage,
  Output,
  Samples,
  Series,
  SeriesNames,
  Status,
} from './outputs.ts'

/** The JSON form of an answer: NaN and ±Infinity are strings, as in all our JSON. */
const plain = procedure.use(async ({ next }) => {
  const result = await next()
  return result.ok ? { ...result, data: measuredPlain(result.data) } : result
})

/** A part of the path. The HTTP handler does not decode it, so names with spaces or "/" need this. */
const job = z
  .string()
  .meta({ description: 'An id, its beginning, or a name, percent-encoded.' })
  .transform((encoded, context) => {
    try {
      return decodeURIComponent(encoded)
    } catch {
      context.addIssue(`"${encoded}" is not percent-encoded. Write % as %25.`)
      return z.NEVER
    }
  })
  .pipe(z.string().min(1).max(300))

const get = (path: `/${string}`, summary: string) => {
  return { openapi: { method: 'GET' as const, path, summary, tags: ['jobs'] } }
}

/** The board for notebooks and curl: plain JSON, read only. */
export const plainRouter = router({
  jobs: plain
    .meta(get('/jobs', 'A page of jobs, the running ones first.'))
    .input(
      z.strictObject({
        status: JobState.optional(),
        project: z.string().optional(),
        search: z.string().max(200).optional(),
        sort: z.enum(['newest', 'name', 'best']).optional(),
        cursor: z.string().optional(),
        limit: z.coerce.number().int().min(1).max(200).default(50),
      }),
    )
    .output(JobPage)
    .query(({ ctx, input: { status, ...query } }) => {
      return listJobs(ctx.db, { ...query, ...(status && { status: [status] }) })
    }),

  job: plain
    .meta(get('/jobs/{job}', "A job's status."))
    .input(z.strictObject({ job }))
    .output(Status)
    .query(({ ctx, input }) => namedJob(ctx.db, input.job)),

  best: plain
    .meta(get('/jobs/{job}/best', 'The checkpoint to ship, and why.'))
    .input(z.strictObject({ job }))
    .output(Best)
    .query(async ({ ctx, input }) => {
      const page = { order: 'rank', limit: 1 } as const
      const list = await listOf(ctx.db, input.job, page)
      const { status, checkpoints, selection, explanation } = list
      const best = checkpoints.find(({ is_best }) => is_best) ?? null
      return { ...selection, ...explanation, job_id: status.job_id, best }
    }),

  checkpoints: plain
    .meta(get('/jobs/{job}/checkpoints', 'The checkpoints of a job, by step.'))
    .input(
      z.strictObject({
        job,
        cursor: z.string().max(100).optional(),
        limit: z.coerce.number().int().min(1).max(MOST_CHECKPOINTS).default(MOST_CHECKPOINTS),
      }),
    )
    .output(Checkpoints)
    .query(({ ctx, input: { job: text, ...page } }) => {
      return listOf(ctx.db, text, { order: 'step', ...page })
    }),

  samples: plain
    .meta(get('/jobs/{job}/samples', 'What the model made at its steps: texts, images, sounds.'))
    .input(
      z.strictObject({
        job,
        from_step: z.coerce.number().pipe(Count).optional(),
        to_step: z.coerce.number().pipe(Count).optional(),
        cursor: z.string().max(200).optional(),
        limit: z.coerce.number().int().min(1).max(1_000).default(500),
      }),
    )
    .output(Samples)
    .query(async ({ ctx, input: { job: text, ...query } }) => {
      const { job_id } = await namedJob(ctx.db, text)
      return listSamples(ctx.db, job_id, query)
    }),

  output: plain
    .meta(
      get('/jobs/{job}/output', 'A page of what a job printed: its newest lines, oldest first.'),
    )
    .input(
      z.strictObject({
        job,
        level: LogLevel.optional(),
        search: z.string().max(200).optional(),
        before: z.coerce.number().pipe(Count).optional(),
        after: z.coerce.number().int().min(-1).optional(),
        order: z.enum(['newest', 'oldest']).optional(),
        limit: z.coerce.number().int().min(1).max(5_000).default(1_000),
      }),
    )
    .output(Output)
    .query(async ({ ctx, input: { job: text, ...query } }) => {
      const { job_id } = await namedJob(ctx.db, text)
      return jobLogPage(ctx.db, job_id, query)
    }),

  seriesNames: plain
    .meta(get('/jobs/{job}/series', 'The names of the series that a job logged.'))
    .input(z.strictObject({ job }))
    .output(SeriesNames)
    .query(async ({ ctx, input }) => {
      const { job_id } = await namedJob(ctx.db, input.job)
      return { series: await seriesNames(ctx.db, job_id) }
    }),

  series: plain
    .meta(get('/jobs/{job}/series/points', 'The points of some series.'))
    .input(
      z.strictObject({
        job,
        name: z.array(z.string()).min(1).max(50),
        from_step: z.coerce.number().optional(),
        to_step: z.coerce.number().optional(),
        points: z.coerce.number().int().min(2).max(100_000).default(1_000),
      }),
    )
    .output(Series)
    .query(async ({ ctx, input: { job: text, name, ...query } }) => {
      const { job_id } = await namedJob(ctx.db, text)
      await requireSeries(ctx.db, job_id, name)
      const read = await readSeries(ctx.db, job_id, { names: name, ...query })
      const series = read.map(({ steps, values, times, ...rest }) => {
        return {
          ...rest,
          steps: [...steps],
          values: [...values],
          times: [...times].map(loggedTime),
        }
      })
      return { series }
    }),
})

/** NaN means that no time was logged. */
const loggedTime = (time: number): number | null => (Number.isNaN(time) ? null : time)

/** Throws NOT_FOUND if the job has no series of one of these names. */
async function requireSeries(db: Database, job_id: string, wanted: string[]): Promise<void> {
  const names = (await seriesNames(db, job_id)).map(({ name }) => name)
  const missing = wanted.find((name) => !names.includes(name))
  if (missing === undefined) return
  const near = nearest(missing, names)
  const hint = near === undefined ? '' : ` Did you mean ${near}?`
  const some = names.slice(0, LISTED).join(', ')
  const others = names.length > LISTED ? `, and ${names.length - LISTED} more` : ''
  const logged = names.length > 0 ? `Its series: ${some}${others}.` : 'It has no series.'
  const message = `The job has no series ${missing}.${hint} ${logged}`
  throw new TRPCError({ code: 'NOT_FOUND', message })
}

/** How many names of series an error lists. */
const LISTED = 20

async function listOf(db: Database, text: string, page: CheckpointPage): Promise<CheckpointList> {
  return checkpointList(db, (await namedJob(db, text)).job_id, page)
}
