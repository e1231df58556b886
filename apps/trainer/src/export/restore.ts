import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { measuredJson, Policy, Told, type TrainingJobStatus } from '@bestmark/core'
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
  restoreProjectPolicies,
  restoreShipments,
  sourceCursor,
  standingFiles,
  uuidv5,
} from '@bestmark/db'
import { z } from 'zod'
import type { Board } from '../board/board.ts'
import { Failure } from '../failure.ts'
import { firstLine, isJournal, JournalHeader, lastLine, readJournal } from '../journal/read.ts'
import { END, isEnd } from '../journal/events.ts'
import { jsonObject } from '../files/json.ts'
import { sweepJob } from '../recording/sweep.ts'

/** One change of a policy, as it was noted. */
const NotedChange = z.object({
  policy: Policy.nullable(),
  told: Told,
  by: z.string(),
  changed_at: z.number(),
})

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
const ExportHeader = JournalHeader.extend({ exported: Exported })
type ExportHeader = z.infer<typeof ExportHeader>

/**
 * Writes a job as a journal, a line at a time, which `import` reads back; returns how many lines.
 * Undefined where there is no such job. Shipments that still go on and a wish to stop are not in it,
 * and of its log the lines that the board kept.
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
  const job = await exportJob(db, job_id, (told) => put(headerOf(told, changes)), put)
  if (job) await put({ [END]: lines })
  return job && lines
}

function headerOf(
  { job, pinned, shipments }: ExportedJob,
  changes: readonly PolicyChange[],
): ExportHeader {
  const { job_id, name, project, recipe, host, host_id, output_dir: root } = job
  const policies = notedFor('job', changes)
  const project_policies = notedFor('project', changes)
  const people = { policies, project_policies, pinned, shipments }
  return {
    journal: 1,
    job_id,
    name,
    project,
    recipe,
    exported: { at: Date.now(), host, host_id, root, ...people, has_end: true },
  }
}

/** What was decided for a job or its project, oldest first; `changes` come newest first. */
function notedFor(of: PolicyChange['scope'], changes: readonly PolicyChange[]) {
  const own = changes.filter(({ scope }) => scope === of).reverse()
  return own.map(({ policy, told, by, changed_at }) => ({ policy, told, by, changed_at }))
}

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
function assertWhole(path: string, { exported }: ExportHeader): void {
  const last = lastLine(path)
  if (last !== undefined && (!exported.has_end || isEnd(last))) return
  throw new Failure(
    `${path} is cut short, so its job is not imported; export it again, or copy all of it.`,
  )
}

/** What came of an import. */
interface ImportedExport {
  job: TrainingJobStatus
  /** The board has the job from its own files, and was left as it is. */
  isKnown: boolean
  /** The export tells another policy of the project than the one that holds here. */
  keptPolicy: boolean
}

/**
 * Puts an exported job on the board, under its own id, with its folder where it lay. Only where that
 * was on this host are its files looked at; elsewhere they stay as they were told. A job that is on
 * the board from its own files is left as it is. Importing the same file again changes nothing;
 * another one replaces what was told.
 */
export async function importExport(
  board: Board,
  path: string,
  header: ExportHeader,
  naming: { name?: string | undefined; project?: string | undefined },
): Promise<ImportedExport> {
  assertWhole(path, header)
  const { db } = board
  const { job_id, exported, recipe } = header
  const before = await jobDetail(db, job_id)
  const isKnown = before !== undefined && before.source !== EXPORTED
  let keptPolicy = false
  if (!isKnown) {
    const name = naming.name ?? header.name
    const project = naming.project ?? header.project
    const place = { job_id, ...placeOf(board, header), source: EXPORTED }
    await registerJob(db, { ...place, name, project, recipe, status: 'queued' })
    const recorded = await recordFile(board, job_id, path)
    if (!recorded.isRestored) {
      await restoreWishes(board, job_id, exported)
      keptPolicy = project === header.project && !(await restoreProject(board, project, exported))
      await noteRestored(board, job_id, recorded.cursor)
    }
    if (place.host_id === board.host_id) await sweepJob(db, place)
  }
  const job = await jobStatus(db, job_id)
  if (!job) throw new Error(`The job ${job_id} was removed while ${path} was being imported.`)
  return { job, isKnown, keptPolicy }
}

/** Where the run lay. A folder of another host is none of this one's, whatever stands at its path. */
function placeOf(board: Board, { job_id, exported }: ExportHeader) {
  const { host, root, host_id = uuidv5(job_id, host) } = exported
  return { host_id, host: host_id === board.host_id ? board.host : host, root }
}

/** Follows the place in a file once what people said of the job is restored as well. */
const RESTORED = ':restored'

/** Records a file piece by piece; returns how far it came, and whether its wishes are restored. */
async function recordFile({ db }: Board, job_id: string, path: string) {
  const mark = createHash('sha1')
    .update(firstLine(path) ?? '')
    .digest('hex')
  let cursor = await sourceCursor(db, job_id, EXPORTED)
  for (;;) {
    const [told, place] = (cursor ?? '').split(':')
    const offset = told === mark ? Number(place) : 0
    const piece = readJournal(path, offset)
    if (piece.offset === offset) return { cursor, isRestored: !!cursor?.endsWith(RESTORED) }
    const batch = { source: EXPORTED, from: cursor, to: `${mark}:${piece.offset}` }
    const replace = cursor !== null && offset === 0
    cursor = (await record(db, job_id, { ...batch, events: piece.events, replace })).cursor
  }
}

/** An import that ends before this is noted restores the wishes when it is made again. */
async function noteRestored({ db }: Board, job_id: string, from: string | null): Promise<void> {
  await record(db, job_id, { source: EXPORTED, from, to: `${from}${RESTORED}`, events: [] })
}

async function restoreWishes(
  { db }: Board,
  job_id: string,
  { policies, pinned, shipments }: ExportHeader['exported'],
): Promise<void> {
  const files = await standingFiles(db, job_id)
  const kept = files.filter(({ path }) => pinned.includes(path))
  const checkpoint_ids = kept.map((row) => row.checkpoint_id)
  if (checkpoint_ids.length > 0) await pinCheckpoints(db, job_id, { checkpoint_ids, pinned: true })
  await restoreShipments(db, job_id, shipments)
  await restorePolicies(db, job_id, policies)
}

/** False where another policy of the project than the told one holds on this board. */
async function restoreProject(
  { db }: Board,
  project: string,
  { project_policies: told }: ExportHeader['exported'],
): Promise<boolean> {
  const last = told.at(-1)
  if (!last || (await restoreProjectPolicies(db, project, told))) return true
  const [now] = await policyHistory(db, { project })
  return isDeepStrictEqual([now?.policy, now?.told], [last.policy, last.told])
}
