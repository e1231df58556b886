import { z } from 'zod'
import { MeasuredInJson } from '../measuredSchema.ts'
import { namedValues } from '../namedValues.ts'
import { EndCause } from './endCause.ts'
import { ReaderCode } from './readerCode.ts'
import { ContentState, SampleKind } from './sampleKinds.ts'
import { ServingFiles } from './servingFiles.ts'

/** The largest number that an `integer` column holds. */
export const LARGEST_INTEGER = 2 ** 31 - 1
const line = z.number().int().positive().max(LARGEST_INTEGER)

/**
 * Where a number was read: a file relative to the run's root, and its line (from 1) if it has one.
 */
export const Origin = z.object({ file: z.string(), line: line.nullable() })
export type Origin = z.infer<typeof Origin>

export const Direction = z.enum(['min', 'max'])
export type Direction = z.infer<typeof Direction>

/**
 * The state of a checkpoint's files, as the host that stores them last saw it. `unchecked` files are in an
 * object store that was not read, so nothing is known of them.
 */
export const FilesState = z.enum(['complete', 'writing', 'broken', 'missing', 'unchecked'])
export type FilesState = z.infer<typeof FilesState>

/** Why the files of a job's checkpoints are not checked: its journal was sent, so no agent sees them. */
export type FilesUnchecked = 'no_agent'

/** Faults that only reading a whole file finds. A later check of sizes and times cannot deny them. */
const DEEP_FAULTS = [
  // The bytes are not those of the digest.
  'damaged',
  // The trainer's state cannot be parsed.
  'state_unreadable',
] as const

/** The code of `files_why`, if the files are broken or unchecked. Programs compare this code, never the words. */
export const FilesFault = z.enum([
  ...DEEP_FAULTS,
  'outside_root',
  'run_record',
  'no_weights',
  'save_unfinished',
  'permission_denied',
  'link_loop',
  'not_a_folder',
  'name_too_long',
  'name_invalid',
  'file_outside_root',
  'file_unusual',
  'link_broken',
  'shard_missing',
  'shard_list_unreadable',
  'weights_empty',
  'lfs_pointer',
  'only_zeros',
  'wrong_format',
  'header_invalid',
  'cut_short',
  'too_long',
  'no_tensors',
  'empty_tensors',
  'only_optimizer',
  // Of unchecked files: Bestmark reads no store of this scheme, or the store did not let it read.
  'scheme_unread',
  'store_unread',
])
export type FilesFault = z.infer<typeof FilesFault>

/** Whether a check of sizes and times cannot find this fault. */
export function isDeepFault(fault: FilesFault | null): boolean {
  return (DEEP_FAULTS as readonly (FilesFault | null)[]).includes(fault)
}

/**
 * How a checkpoint can be used: `full` can be served directly, an `adapter` needs its base model, a
 * `sharded` one (ZeRO, a distributed save) must be merged first.
 */
export const CheckpointKind = z.enum(['full', 'adapter', 'sharded'])
export type CheckpointKind = z.infer<typeof CheckpointKind>

/** The last point in time that a Date can hold (ECMA-262, 21.4.1.1). */
export const LAST_TIME = 8.64e15

/** An attempt of a run, counted from 0. */
export const Attempt = z.number().int().nonnegative().max(LARGEST_INTEGER)
/** Optimiser steps, or another count: whole, and exact as a double (zod's `int` is safe). */
export const Count = z.number().int().nonnegative()
/** Milliseconds since the epoch that a Date can hold. */
export const Time = z.number().min(-LAST_TIME).max(LAST_TIME)

const attempt = Attempt
const step = Count
const epoch = z.number().nullable().default(null)
const at = Time.nullable().default(null)
const values = namedValues(MeasuredInJson)
const path = z.string()

/**
 * A run, or a further attempt of it, began. The `path`s of later events are relative to its root.
 */
const Started = z.object({
  type: z.literal('started'),
  attempt,
  at,
  name: z.string().nullable().default(null),
  project: z.string().nullable().default(null),
  total_steps: step.nullable().default(null),
  total_epochs: z.number().nullable().default(null),
  /** The step from which this attempt resumes; null for a fresh start. */
  resumed_from: step.nullable().default(null),
  loss_unit: z.enum(['nats_per_token', 'unknown']).default('unknown'),
  /** The metric and direction that the run declared, and where it declared them. */
  metric_for_best: z.string().nullable().default(null),
  direction: Direction.nullable().default(null),
  declared_by: z.string().nullable().default(null),
  /** The run declares nothing, but its files show this metric; `declared_by` says how. */
  metric_is_inferred: z.boolean().default(false),
  /** Steps between saves, if logged; used to warn about a best that may be missed. */
  save_steps: step.nullable().default(null),
  config: namedValues(z.unknown()).default({}),
})

/** Values logged while training: `loss`, `learning_rate`, `grad_norm`, … */
const Metrics = z.object({ type: z.literal('metrics'), attempt, step, epoch, at, values })

/**
 * Metrics measured on held-out data with the weights of one step: by the run, or later as a score
 * with its author. A value named `<metric>_stderr` is the standard error of that metric.
 */
const Evaluation = z.object({
  type: z.literal('evaluation'),
  attempt,
  step,
  epoch,
  at,
  values,
  samples: step.nullable().default(null),
  origin: Origin.nullable().default(null),
  /** The line of each value in the origin's file, if values have separate lines. */
  lines: namedValues(line).default({}),
  /** Directions of metrics, if they were logged with the values. */
  directions: namedValues(Direction).default({}),
  /** Who measured it after training; null if the run measured it. */
  scored_by: z.string().nullable().default(null),
})

/** What inspecting the files showed beside their state; null if they were not inspected. */
const inspection = {
  kind: CheckpointKind.nullable().default(null),
  /** The base model of an adapter, as its configuration names it. */
  base: z.string().nullable().default(null),
  /** A digest of the sizes and times of the files; if it is unchanged, they are not inspected again. */
  signature: z.string().nullable().default(null),
  /**
   * SHA-256 in hexadecimal: of the file, or of the output of `sha256sum` for a folder's files, in
   * order of their names. It is valid while the signature is unchanged.
   */
  digest: z.string().nullable().default(null),
  /** What serving needs of it; left out by older versions, and of a checkpoint without weights. */
  serving: ServingFiles.nullish(),
}

/** Files saved at a step. `step` is null if it is unknown; such files have a role instead. */
const Checkpoint = z.object({
  type: z.literal('checkpoint'),
  attempt,
  step: step.nullable(),
  path,
  epoch,
  at,
  role: z.string().nullable().default(null),
  files_state: FilesState,
  files_why: z.string().nullable().default(null),
  files_fault: FilesFault.nullish(),
  bytes: step.nullable().default(null),
  /** When the host of the files last checked them; null if never. */
  checked_at: at,
  ...inspection,
})

/** The state of a checkpoint's files changed. */
const Files = z.object({
  type: z.literal('files'),
  attempt,
  at,
  step: step.nullable(),
  path,
  files_state: FilesState,
  files_why: z.string().nullable().default(null),
  files_fault: FilesFault.nullish(),
  bytes: step.nullable().default(null),
  checked_at: at,
  ...inspection,
})

/** Which checkpoint the training program itself calls its best. */
const Claim = z.object({
  type: z.literal('claim'),
  attempt,
  at,
  path: path.nullable(),
  step: step.nullable(),
  metric: z.string().nullable().default(null),
  value: MeasuredInJson.default(null),
  origin: Origin.nullable().default(null),
})

/** A text, image or sound that the model made with the weights of one step. */
const Sample = z.object({
  type: z.literal('sample'),
  attempt,
  at,
  /** Null if only the epoch is known. */
  step: step.nullable().default(null),
  epoch,
  /** The origin of the step: the run logged it, the file's name has it, or an epoch implies it. */
  step_from: z.enum(['log', 'name', 'epoch']).default('log'),
  kind: SampleKind,
  /** Counts the prompts of one step from 0, so that steps can be compared prompt by prompt. */
  prompt_index: Attempt.default(0),
  prompt: z.string().nullable().default(null),
  text: z.string().nullable().default(null),
  /** The file of an image or a sound. */
  path: path.nullable().default(null),
  /** The file's content as base64, which an export has. */
  content: z.base64().nullable().default(null),
  /** Why an exported sample has no content. */
  content_state: ContentState.nullable().default(null),
})

/** How serious a log line is. */
export const LogLevel = z.enum(['info', 'warning', 'error', 'sample'])

/** One log line of the training program. Older programs log texts of a model with level `sample`. */
const Log = z.object({
  type: z.literal('log'),
  attempt,
  at,
  step: step.nullable().default(null),
  level: LogLevel,
  text: z.string(),
  /** Written by the reader of the run's files, not by the run. */
  reader: z.literal(true).optional(),
  /** The checkpoint that a note of the reader is about. */
  path: z.string().optional(),
  /** What a note says, for programs. */
  code: ReaderCode.nullish(),
})

/**
 * The setup of the run: its configuration and environment. It comes from files beside the log and
 * from the program that started the run.
 */
const Setup = z.object({
  type: z.literal('setup'),
  attempt,
  at,
  config: namedValues(z.unknown()).default({}),
  /** `host`, `git_commit`, `git_dirty`, `python`, `packages`, … */
  environment: namedValues(z.unknown()).default({}),
})

/** A sample of the machine's usage, with names that begin with `system/`. */
const Usage = z.object({ type: z.literal('usage'), attempt, at: Time, used: values })

/** The run is alive but has nothing to log. */
const Heartbeat = z.object({ type: z.literal('heartbeat'), attempt, at })

/** The attempt ended: `status` is how, `error` is why it failed. */
const Ended = z.object({
  type: z.literal('ended'),
  attempt,
  at,
  status: z.enum(['completed', 'failed', 'stopped', 'lost']),
  error: z.string().nullable().default(null),
  /** What ended it, if the program did not end by itself. */
  cause: EndCause.nullish(),
})

/** Everything that a source can read of a run. Its JSON form is a line of a journal. */
export const TrainingEvent = z.discriminatedUnion('type', [
  Started,
  Metrics,
  Evaluation,
  Checkpoint,
  Files,
  Claim,
  Sample,
  Log,
  Setup,
  Usage,
  Heartbeat,
  Ended,
])
export type TrainingEvent = z.infer<typeof TrainingEvent>
export type EventOf<Type extends TrainingEvent['type']> = Extract<TrainingEvent, { type: Type }>
