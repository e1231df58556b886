import { createHash } from 'node:crypto'
import { closeSync, openSync } from 'node:fs'
import { measuredJson, parsePythonJson, Policy, Told, type TrainingJobStatus } from '@bestmark/core'
import {
  EXPORTED,
  type ExportedJob,
  exportJob,
  jobDetail,
  jobStatus,
  pinCheckpoints,
  type PolicyChange,
  policyHistory,
  record,
  registerJob,
  restorePolicies,
  sourceCursor,
  standingFiles,
} from '@bestmark/db'
import { z } from 'zod'
import type { Board } from './board.ts'
import { isJournal, JournalHeader, readJournal } from './journal.ts'
import { readLines } from './journalLines.ts'
import { sweepJob } from './sweep.ts'

/** What a job is beside its events: where it lay, and what people said of it. */
const Exported = z.object({
  at: z.number(),
  host: z.string(),
  root: z.string(),
  /** What was decided for the job itself, oldest first. */
  policies: z.array(
    z.object({
      policy: Policy.nullable(),
      told: Told,
      by: z.string(),
      changed_at: z.number(),
    }),
  ),
  pinned: z.array(z.string()),
})

/** The first line of an exported file: a journal's, and more. */
const ExportHeader = JournalHeader.extend({ exported: Exported })
type ExportHeader = z.infer<typeof ExportHeader>

/**
 * Writes a job as a journal, a line at a time, which `import` reads back; returns how many lines.
 * Undefined where there is no such job. Shipments are not in it, and of its log the lines that the
 * board kept.
 */
export async function writeExport(
  { db }: Board,
  job_id: string,
  write: (line: string) => Promise<void>,
): Promise<number | undefined> {
  let lines = 0
  const put = async (value: unknown): Promise<void> => {
    lines++
    await write(`${measuredJson(value)}\n`)
  }
  const changes = await policyHistory(db, { job_id })
  const own = changes.filter(({ scope }) => scope === 'job').reverse()
  const job = await exportJob(db, job_id, (told) => put(headerOf(told, own)), put)
  return job && lines
}

function headerOf({ job, pinned }: ExportedJob, changes: readonly PolicyChange[]): ExportHeader {
  const { job_id, name, project, recipe, host, output_dir: root } = job
  const policies = changes.map(({ policy, told, by, changed_at }) => {
    return { policy, told, by, changed_at }
  })
  const exported = { at: Date.now(), host, root, policies, pinned }
  return { journal: 1, job_id, name, project, recipe, exported }
}

/** The header of an exported file; undefined where a file is none. */
export function exportHeader(path: string): ExportHeader | undefined {
  if (!isJournal(path)) return undefined
  return ExportHeader.safeParse(parsePythonJson(firstLine(path))).data
}

function firstLine(path: string): string {
  const file = openSync(path, 'r')
  try {
    return readLines(file, 0)?.lines[0]?.text ?? 'null'
  } finally {
    closeSync(file)
  }
}

/**
 * Puts an exported job on the board, under its own id, with its folder where it lay; files that are
 * not there are missing. A job that is on the board from its own files is left as it is. Importing
 * the same file again changes nothing; another one replaces what was told.
 */
export async function importExport(
  board: Board,
  path: string,
  header: ExportHeader,
  naming: { name?: string | undefined; project?: string | undefined },
): Promise<{ job: TrainingJobStatus; isKnown: boolean }> {
  const { db, host_id, host } = board
  const { job_id, exported, recipe } = header
  const before = await jobDetail(db, job_id)
  const isKnown = before !== undefined && before.source !== EXPORTED
  if (!isKnown) {
    const name = naming.name ?? header.name
    const project = naming.project ?? header.project
    const place = { job_id, host_id, host, root: exported.root, source: EXPORTED }
    await registerJob(db, { ...place, name, project, recipe, status: 'queued' })
    if (await recordFile(board, job_id, path)) await restoreWishes(board, job_id, exported)
    await sweepJob(db, place)
  }
  const job = await jobStatus(db, job_id)
  if (!job) throw new Error(`The job ${job_id} was removed while ${path} was being imported.`)
  return { job, isKnown }
}

/** Records a file piece by piece; returns whether there was anything new in it. */
async function recordFile({ db }: Board, job_id: string, path: string): Promise<boolean> {
  const mark = createHash('sha1').update(firstLine(path)).digest('hex')
  let cursor = await sourceCursor(db, job_id, EXPORTED)
  let any = false
  for (;;) {
    const [told, place] = (cursor ?? '').split(':')
    const offset = told === mark ? Number(place) : 0
    const piece = readJournal(path, offset)
    if (piece.offset === offset) return any
    const batch = { source: EXPORTED, from: cursor, to: `${mark}:${piece.offset}` }
    const replace = cursor !== null && offset === 0
    cursor = (await record(db, job_id, { ...batch, events: piece.events, replace })).cursor
    any = true
  }
}

async function restoreWishes(
  { db }: Board,
  job_id: string,
  { policies, pinned }: ExportHeader['exported'],
): Promise<void> {
  const files = await standingFiles(db, job_id)
  const kept = files.filter(({ path }) => pinned.includes(path))
  const checkpoint_ids = kept.map((row) => row.checkpoint_id)
  if (checkpoint_ids.length > 0) await pinCheckpoints(db, job_id, { checkpoint_ids, pinned: true })
  await restorePolicies(db, job_id, policies)
}
