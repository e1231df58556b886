import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { type TrainingJobStatus } from '@bestmark/core'
import {
  type Database,
  EXPORTED,
  jobDetail,
  JobDeleted,
  jobStatus,
  noteJob,
  pinCheckpoints,
  policyHistory,
  record,
  registerJob,
  restoreJobs,
  restorePolicies,
  restoreProjectPolicies,
  restoreShipments,
  sourceCursor,
  currentFiles,
  tagJobs,
  uuidv5,
} from '@bestmark/db'
import type { Board } from '../board/board.ts'
import { readJournal } from '../journal/read.ts'
import { firstLine } from '../journal/header.ts'
import { sweepJob } from '../recording/sweep.ts'
import type { NameOptions } from '../recording/importRun.ts'
import type { ExportHeader } from './exportHeader.ts'
import { assertWhole } from './exportHeader.ts'

/** The result of an import. */
interface ImportedExport {
  job: TrainingJobStatus
  /** The board has recorded the job from its files, so nothing was imported. */
  isRecordedHere: boolean
  /** The board has another policy for the project than the export. The board's policy stays. */
  isPolicyIgnored: boolean
}

/**
 * Puts an exported job on the board with its id and its root. Its files are checked only if the root
 * is on this host; otherwise their exported state stays. A job that the board recorded from its files
 * stays unchanged. Importing the same file again changes nothing; another file replaces the first.
 */
export async function importExport(
  board: Board,
  path: string,
  header: ExportHeader,
  naming: NameOptions,
): Promise<ImportedExport> {
  assertWhole(path, header)
  const { db } = board
  const { job_id, exported, recipe } = header
  const before = await jobDetail(db, job_id)
  const isRecordedHere = before !== undefined && before.source !== EXPORTED
  if (isRecordedHere) await assertKept(db, job_id, naming)
  let isPolicyIgnored = false
  if (!isRecordedHere) {
    const name = naming.name ?? header.name
    const project = naming.project ?? header.project
    const job = { job_id, ...hostAndRoot(board, header), source: EXPORTED }
    const { restore } = naming
    await registerJob(db, { ...job, name, project, recipe, status: 'queued', restore })
    const recorded = await recordFile(board, job_id, path)
    if (!recorded.isRestored) {
      await restoreDecisions(board, job_id, exported)
      isPolicyIgnored =
        project === header.project && !(await restoreProject(board, project, exported))
      await noteRestored(board, job_id, recorded.cursor)
    }
    if (job.host_id === board.host_id) await sweepJob(db, job)
  }
  const job = await jobStatus(db, job_id)
  if (!job) throw new Error(`The job ${job_id} was removed while ${path} was being imported.`)
  return { job, isRecordedHere, isPolicyIgnored }
}

/** Throws JobDeleted if the job was deleted and is not to be restored. */
async function assertKept(db: Database, job_id: string, { restore }: NameOptions): Promise<void> {
  const job = await jobStatus(db, job_id)
  if (!job || job.deleted_at === null) return
  if (!restore) throw new JobDeleted(job)
  await restoreJobs(db, [job_id])
}

/** The host and root of the run. A path on another host is never a path of this host. */
function hostAndRoot(board: Board, { job_id, exported }: ExportHeader) {
  const { host, root, host_id = uuidv5(job_id, host) } = exported
  return { host_id, host: host_id === board.host_id ? board.host : host, root }
}

/** Ends the cursor once policies, pins and shipments are restored. */
const RESTORED = ':restored'

/** Records a file piece by piece; returns the cursor, and whether its decisions are restored. */
async function recordFile({ db }: Board, job_id: string, path: string) {
  const mark = createHash('sha1')
    .update(firstLine(path) ?? '')
    .digest('hex')
  let cursor = await sourceCursor(db, job_id, EXPORTED)
  for (;;) {
    const [storedMark, storedOffset] = (cursor ?? '').split(':')
    const offset = storedMark === mark ? Number(storedOffset) : 0
    const piece = readJournal(path, offset)
    if (piece.offset === offset) return { cursor, isRestored: !!cursor?.endsWith(RESTORED) }
    const batch = { source: EXPORTED, from: cursor, to: `${mark}:${piece.offset}` }
    const replace = cursor !== null && offset === 0
    cursor = (await record(db, job_id, { ...batch, events: piece.events, replace })).cursor
  }
}

/** If an import ends before this, the next import restores the decisions again. */
async function noteRestored({ db }: Board, job_id: string, from: string | null): Promise<void> {
  await record(db, job_id, { source: EXPORTED, from, to: `${from}${RESTORED}`, events: [] })
}

async function restoreDecisions(
  { db }: Board,
  job_id: string,
  { policies, pinned, shipments, tags, note }: ExportHeader['exported'],
): Promise<void> {
  const files = await currentFiles(db, job_id)
  const kept = files.filter(({ path }) => pinned.includes(path))
  const checkpoint_ids = kept.map((row) => row.checkpoint_id)
  if (checkpoint_ids.length > 0) await pinCheckpoints(db, job_id, { checkpoint_ids, pinned: true })
  await restoreShipments(db, job_id, shipments)
  await restorePolicies(db, job_id, policies)
  // Tags and a note of this board stay.
  await tagJobs(db, [job_id], { add: tags })
  if (note !== '' && (await jobStatus(db, job_id))?.note === '') await noteJob(db, job_id, note)
}

/** False if this board has another policy for the project than the export. */
async function restoreProject(
  { db }: Board,
  project: string,
  { project_policies: exported }: ExportHeader['exported'],
): Promise<boolean> {
  const last = exported.at(-1)
  if (!last || (await restoreProjectPolicies(db, project, exported))) return true
  const [now] = await policyHistory(db, { project })
  return isDeepStrictEqual([now?.policy, now?.options], [last.policy, last.options])
}
