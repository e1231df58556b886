import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { type TrainingJobStatus } from '@bestmark/core'
import {
  EXPORTED,
  jobDetail,
  jobStatus,
  pinCheckpoints,
  policyHistory,
  record,
  registerJob,
  restorePolicies,
  restoreProjectPolicies,
  restoreShipments,
  sourceCursor,
  currentFiles,
  uuidv5,
} from '@bestmark/db'
import type { Board } from '../board/board.ts'
import { readJournal } from '../journal/read.ts'
import { firstLine } from '../journal/header.ts'
import { sweepJob } from '../recording/sweep.ts'
import type { ExportHeader } from './exportHeader.ts'
import { assertWhole } from './exportHeader.ts'

/** What came of an import. */
interface ImportedExport {
  job: TrainingJobStatus
  /** The board has the job from its own files, and was left as it is. */
  isRecordedHere: boolean
  /** The export tells another policy of the project than the one that holds here. */
  isPolicyIgnored: boolean
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
  const isRecordedHere = before !== undefined && before.source !== EXPORTED
  let isPolicyIgnored = false
  if (!isRecordedHere) {
    const name = naming.name ?? header.name
    const project = naming.project ?? header.project
    const place = { job_id, ...placeOf(board, header), source: EXPORTED }
    await registerJob(db, { ...place, name, project, recipe, status: 'queued' })
    const recorded = await recordFile(board, job_id, path)
    if (!recorded.isRestored) {
      await restoreDecisions(board, job_id, exported)
      isPolicyIgnored =
        project === header.project && !(await restoreProject(board, project, exported))
      await noteRestored(board, job_id, recorded.cursor)
    }
    if (place.host_id === board.host_id) await sweepJob(db, place)
  }
  const job = await jobStatus(db, job_id)
  if (!job) throw new Error(`The job ${job_id} was removed while ${path} was being imported.`)
  return { job, isRecordedHere, isPolicyIgnored }
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

async function restoreDecisions(
  { db }: Board,
  job_id: string,
  { policies, pinned, shipments }: ExportHeader['exported'],
): Promise<void> {
  const files = await currentFiles(db, job_id)
  const kept = files.filter(({ path }) => pinned.includes(path))
  const checkpoint_ids = kept.map((row) => row.checkpoint_id)
  if (checkpoint_ids.length > 0) await pinCheckpoints(db, job_id, { checkpoint_ids, pinned: true })
  await restoreShipments(db, job_id, shipments)
  await restorePolicies(db, job_id, policies)
}

/** False if this board has another policy for the project than the export. */
async function restoreProject(
  { db }: Board,
  project: string,
  { project_policies: told }: ExportHeader['exported'],
): Promise<boolean> {
  const last = told.at(-1)
  if (!last || (await restoreProjectPolicies(db, project, told))) return true
  const [now] = await policyHistory(db, { project })
  return isDeepStrictEqual([now?.policy, now?.options], [last.policy, last.options])
}
