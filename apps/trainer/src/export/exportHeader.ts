import {
  DEFAULT_TARGET,
  FrozenChoice,
  Policy,
  PolicyOptions,
  JournalHeader,
  isEnd,
} from '@bestmark/core'
import { z } from 'zod'
import { Failure } from '../failure.ts'
import { firstLine, isJournal } from '../journal/header.ts'
import { jsonObject } from '../files/json.ts'
import { closeSync, fstatSync } from 'node:fs'
import { openFile } from '../files/runFile.ts'
import { readBytes } from '../files/lines.ts'

/** One stored change of a policy. Older exports use other names for two of its fields. */
const StoredChange = z.preprocess(
  withNewNames,
  z.object({
    policy: Policy.nullable(),
    options: PolicyOptions,
    by: z.string(),
    changed_at: z.number(),
  }),
)

const OldChange = z.looseObject({ told: z.looseObject({ weights: z.unknown() }).partial() })

/** Renames fields of older exports: `told` is now `options`, `weights` is now `coefficients`. */
function withNewNames(change: unknown): unknown {
  const { data } = OldChange.safeParse(change)
  if (!data) return change
  const { told, ...rest } = data
  const { weights, ...options } = told
  return {
    ...rest,
    options: weights === undefined ? options : { ...options, coefficients: weights },
  }
}

const ExportedShipment = z.object({
  deployment_id: z.uuid(),
  attempt: z.number(),
  step: z.number().nullable(),
  checkpoint: z.string(),
  digest: z.string().nullable(),
  is_best: z.boolean(),
  reason: z.string(),
  /** Older exports have none of these nine. */
  by: z.string().nullable().default(null),
  why: z.string().nullable().default(null),
  choice: FrozenChoice.nullable().default(null),
  needs_approval: z.boolean().default(false),
  approved_by: z.string().nullable().default(null),
  approved_at: z.number().nullable().default(null),
  withdrawn_by: z.string().nullable().default(null),
  rolls_back_to: z.uuid().nullable().default(null),
  contents: z.enum(['serving', 'whole']).default('whole'),
  files_from: z.string().nullable().default(null),
  model_name: z.string(),
  target: z.string().default(DEFAULT_TARGET),
  output: z.string().nullable().default(null),
  status: z.enum(['done', 'failed', 'withdrawn', 'elsewhere']),
  bytes_done: z.number(),
  bytes_total: z.number(),
  path: z.string().nullable(),
  error: z.string().nullable(),
  created_at: z.number(),
  ended_at: z.number().nullable(),
})

/** A job without its events: where its files were, and what people decided about it. */
const Exported = z.object({
  at: z.number(),
  host: z.string(),
  /** The host of `root`. Missing in older exports. */
  host_id: z.uuid().optional(),
  root: z.string(),
  /** The policies of the job, oldest first. */
  policies: z.array(StoredChange),
  /** The policies of its project, oldest first. */
  project_policies: z.array(StoredChange).default([]),
  pinned: z.array(z.string()),
  /** Shipments of its checkpoints, oldest first. */
  shipments: z.array(ExportedShipment).default([]),
  /** What people wrote about it. Missing in older exports. */
  tags: z.array(z.string()).default([]),
  note: z.string().default(''),
  /** The last line marks the end of the file. Older exports have no such line. */
  has_end: z.boolean().default(false),
})

/** The first line of an exported file: the header of a journal with more fields. */
export const ExportHeader = JournalHeader.extend({ exported: Exported })

export type ExportHeader = z.infer<typeof ExportHeader>

/**
 * The header of an exported file; undefined if the file is not an export. Throws a Failure if it
 * cannot be read, since pins and policies must not be lost.
 */
export function exportHeader(path: string): ExportHeader | undefined {
  if (!isJournal(path)) return undefined
  const first = jsonObject(firstLine(path) ?? '')
  if (!first || !Object.hasOwn(first, 'exported')) return undefined
  const { data, error } = ExportHeader.safeParse(first)
  if (data) return data
  const field = error.issues[0]?.path.join('.') || 'exported'
  throw new Failure(
    `${path} was exported by another version of Bestmark, or it is damaged: "${field}" in its first ` +
      'line is not valid in this version. Import it with the version that wrote it, or export the job again.',
    { cause: error },
  )
}

/** Throws a Failure if the end of an exported file is missing. */
export function assertWhole(path: string, { exported }: ExportHeader): void {
  const last = lastLine(path)
  if (last !== undefined && (!exported.has_end || isEnd(last))) return
  throw new Failure(
    `${path} is cut short, so its job was not imported. Export it again, or copy the whole file.`,
  )
}

/** Longer than the last line of an exported journal (bytes). */
const END_BYTES = 100

/** The last line of a file, or its end if the line is long; undefined if its newline is missing. */
function lastLine(path: string): string | undefined {
  const file = openFile(path)
  try {
    const { size } = fstatSync(file)
    const text = readBytes(file, Math.max(0, size - END_BYTES), END_BYTES).toString('utf8')
    return text.endsWith('\n') ? text.slice(0, -1).split('\n').at(-1) : undefined
  } finally {
    closeSync(file)
  }
}
