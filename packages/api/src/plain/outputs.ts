import {
  ContentState,
  Explanation,
  FilesState,
  LogLevel,
  Measured,
  SampleKind,
  Selection,
  TrainingJobStatus,
} from '@bestmark/core'
import { z } from 'zod'

/** The schema of a measurement: a string if it is not finite, because JSON has no NaN. */
Measured.unwrap().register(z.globalRegistry, {
  override: {
    anyOf: [{ type: 'number' }, { type: 'string', enum: ['NaN', 'Infinity', '-Infinity'] }],
  },
})

export const Status = TrainingJobStatus.meta({ id: 'TrainingJobStatus' })

export const JobPage = z.object({
  jobs: z.array(Status),
  next_cursor: z
    .string()
    .nullable()
    .meta({ description: 'Pass it as `cursor` to get the next page.' }),
  total: z.number().meta({ description: 'How many jobs match, on all pages.' }),
})

const kinds = z.enum(['logged', 'evaluation', 'system'])

export const SeriesNames = z.object({
  series: z.array(z.object({ name: z.string(), kind: kinds, count: z.number() })),
})

const times = z.array(z.number().nullable())

export const Series = z.object({
  series: z.array(
    z.object({
      name: z.string(),
      kind: kinds,
      count: z.number().meta({ description: 'How many points the window has before thinning.' }),
      steps: z.array(z.number()),
      values: z.array(Measured),
      times: times.meta({ description: 'Milliseconds since the epoch; null where not logged.' }),
    }),
  ),
})

const Checkpoint = z.object({
  checkpoint_id: z.string(),
  attempt: z.number(),
  step: z.number().nullable(),
  epoch: z.number().nullable(),
  path: z.string().meta({ description: "Relative to the run's root." }),
  absolute_path: z.string(),
  files_state: FilesState,
  bytes: z.number().nullable(),
  saved_at: z.number().nullable(),
  values: z.record(z.string(), Measured).meta({ description: 'Its own evaluation.' }),
  value: Measured.meta({ description: 'Its value in the metric that decides.' }),
  is_best: z.boolean(),
  is_tied: z.boolean().meta({ description: 'Within the noise of the best.' }),
  why_not: z.string().nullable(),
})

export const Checkpoints = z.object({
  checkpoints: z.array(Checkpoint),
  next_cursor: z
    .string()
    .nullable()
    .meta({ description: 'Pass it as `cursor` to get the next page.' }),
  total: z.number().meta({ description: 'How many checkpoints the job has, on all pages.' }),
})

export const Best = z.object({
  job_id: z.string(),
  best: Checkpoint.nullable().meta({ description: 'Null where no checkpoint can be shipped.' }),
  sentence: z.string(),
  notes: Explanation.shape.notes,
  metric: Selection.shape.metric,
  direction: Selection.shape.direction,
  declared_by: Selection.shape.declared_by,
  policy: Selection.shape.policy,
  reason: Selection.shape.reason,
})

export const Samples = z.object({
  samples: z.array(
    z.object({
      sample_id: z.string(),
      attempt: z.number(),
      step: z.number().nullable().meta({ description: 'Null if only the epoch is known.' }),
      epoch: z.number().nullable(),
      step_from: z
        .enum(['log', 'name', 'epoch'])
        .meta({ description: "Logged, in the file's name, or inferred from the epoch." }),
      prompt_index: z.number(),
      prompt: z.string().nullable(),
      kind: SampleKind,
      text: z.string().nullable(),
      path: z.string().nullable().meta({ description: "Relative to the run's root." }),
      at: z.number().nullable(),
      content_state: ContentState.meta({ description: 'Whether the board has the file.' }),
      media_type: z.string().nullable(),
      bytes: z.number().nullable(),
    }),
  ),
  next_cursor: z
    .string()
    .nullable()
    .meta({ description: 'Pass it as `cursor` to get the next page.' }),
})

export const Output = z.object({
  lines: z.array(
    z.object({
      ordinal: z.number().meta({ description: 'Counts all lines of the job from 0.' }),
      attempt: z.number(),
      step: z.number().nullable(),
      at: z.number().nullable(),
      level: LogLevel,
      text: z.string(),
    }),
  ),
  older: z
    .number()
    .nullable()
    .meta({ description: 'Pass it as `before` to get the lines before these.' }),
  newer: z
    .number()
    .nullable()
    .meta({ description: 'With order `oldest`: pass it as `after` to get the lines after these.' }),
  first: z.number().meta({ description: 'The first line that the board still has.' }),
  end: z.number().meta({ description: 'One more than the last line that the board has.' }),
})
