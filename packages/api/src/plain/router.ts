import { Count, JobState, measuredPlain } from '@bestmark/core'
import {
  listJobs,
  listSamples,
  namedJob,
  readSeries,
  seriesNames,
  type CheckpointList,
  type CheckpointPage,
  type Database,
} from '@bestmark/db'
import { z } from 'zod'
import { checkpointList, MOST_CHECKPOINTS } from '../checkpoints.ts'
import { procedure, router } from '../trpc.ts'
import { Best, Checkpoints, JobPage, Samples, Series, SeriesNames, Status } from './outputs.ts'

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
      z.object({
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
    .input(z.object({ job }))
    .output(Status)
    .query(({ ctx, input }) => namedJob(ctx.db, input.job)),

  best: plain
    .meta(get('/jobs/{job}/best', 'The checkpoint to ship, and why.'))
    .input(z.object({ job }))
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
      z.object({
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
      z.object({
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

  seriesNames: plain
    .meta(get('/jobs/{job}/series', 'The names of the series that a job logged.'))
    .input(z.object({ job }))
    .output(SeriesNames)
    .query(async ({ ctx, input }) => {
      const { job_id } = await namedJob(ctx.db, input.job)
      return { series: await seriesNames(ctx.db, job_id) }
    }),

  series: plain
    .meta(get('/jobs/{job}/series/points', 'The points of some series.'))
    .input(
      z.object({
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

async function listOf(db: Database, text: string, page: CheckpointPage): Promise<CheckpointList> {
  return checkpointList(db, (await namedJob(db, text)).job_id, page)
}
