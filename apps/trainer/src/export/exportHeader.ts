import { Policy, PolicyOptions } from '@bestmark/core'
import { z } from 'zod'
import { Failure } from '../failure.ts'
import { firstLine, isJournal, JournalHeader } from '../journal/header.ts'
import { isEnd } from '../journal/events.ts'
import { jsonObject } from '../files/json.ts'
import { closeSync, fstatSync } from 'node:fs'
import { openFile } from '../files/runFile.ts'
import { readBytes } from '../files/lines.ts'

/** One change of a policy, as it was noted. Older exports have other names for two of its fields. */
const NotedChange = z.preprocess(
  withNewNames,
  z.object({
    policy: Policy.nullable(),
    options: PolicyOptions,
    by: z.string(),
    changed_at: z.number(),
  }),
)

const OldChange = z.looseObject({ told: z.looseObject({ weights: z.unknown() }).partial() })

/** A change of an older export: `told` is now `options`, and its `weights` are `coefficients`. */
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
  model_name: z.string(),
  status: z.enum(['done', 'failed', 'elsewhere']),
  bytes_done: z.number(),
  bytes_total: z.number(),
  path: z.string().nullable(),
  error: z.string().nullable(),
  created_at: z.number(),
  ended_at: z.number().nullable(),
})

/** What a job is beside its events: where it lay, and what people said of it and did with it. */
const Exported = z.object({
  at: z.number(),
  host: z.string(),
  /** Whose folder `root` is; older exports do not tell it. */
  host_id: z.uuid().optional(),
  root: z.string(),
  /** What was decided for the job itself, oldest first. */
  policies: z.array(NotedChange),
  /** The same for its project. */
  project_policies: z.array(NotedChange).default([]),
  pinned: z.array(z.string()),
  /** Where checkpoints of it went, oldest first. */
  shipments: z.array(ExportedShipment).default([]),
  /** A last line says that the file is whole; older exports have none. */
  has_end: z.boolean().default(false),
})

/** The first line of an exported file: a journal's, and more. */
export const ExportHeader = JournalHeader.extend({ exported: Exported })

export type ExportHeader = z.infer<typeof ExportHeader>

/**
 * The header of an exported file; undefined where a file is none. Throws a Failure where it cannot
 * be understood, since a job without what people said of it and did with it would be another one.
 */
export function exportHeader(path: string): ExportHeader | undefined {
  if (!isJournal(path)) return undefined
  const first = jsonObject(firstLine(path) ?? '')
  if (!first || !Object.hasOwn(first, 'exported')) return undefined
  const { data, error } = ExportHeader.safeParse(first)
  if (data) return data
  const place = error.issues[0]?.path.join('.') || 'exported'
  throw new Failure(
    `${path} was exported by another version of Bestmark, or it is damaged: "${place}" in its first ` +
      'line is not what this version reads. Import it with the version that wrote it, or export the job again.',
    { cause: error },
  )
}

/** Throws a Failure where the end of an exported file is missing. */
export function assertWhole(path: string, { exported }: ExportHeader): void {
  const last = lastLine(path)
  if (last !== undefined && (!exported.has_end || isEnd(last))) return
  throw new Failure(
    `${path} is cut short, so its job is not imported; export it again, or copy all of it.`,
  )
}

/** More than the last line of an exported journal has. */
const END_BYTES = 100

/** The last line of a file, or the end of a long one; undefined where its newline is missing. */
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
