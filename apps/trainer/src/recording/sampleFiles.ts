import { resolve } from 'node:path'
import type { EventOf } from '@bestmark/core'
import {
  currentFiles,
  type Database,
  inferSampleSteps,
  jobDetail,
  recordFacts,
  type ReadSample,
  type SampleRevisions,
  sampleRevisions,
  samplesByPath,
  type StoredSample,
  storeSampleFiles,
  unreadSamples,
} from '@bestmark/db'
import { statIfSeen } from '../files/runFile.ts'
import {
  findSamples,
  type FoundSample,
  sampleBases,
  sampleFoldersState,
} from '../samples/sampleFolders.ts'
import { readSampleFile } from '../samples/sampleFile.ts'
import type { RecordedRun } from './recordedRun.ts'

/** How many files are stored in one transaction. */
const AT_ONCE = 8

/** What a run had when its samples were last searched and stored. */
interface Pass {
  revisions: string
  bases: string[]
  folders: string
  /** Whether a file is still being written. */
  isWaiting: boolean
}

const passes = new WeakMap<RecordedRun, Pass>()

/**
 * Records samples that a program wrote as files named by their step, and stores the files of all
 * samples; returns whether there were any. Call it after the run's checkpoints are recorded. If
 * nothing changed since the last call, it takes one short query, or none if the job was just read.
 */
export async function recordSampleFiles(
  db: Database,
  run: RecordedRun,
  job?: SampleRevisions,
): Promise<boolean> {
  const last = passes.get(run)
  const read = job ?? (await sampleRevisions(db, run.job_id))
  const { checkpoints_revision = 0, samples_revision = 0 } = read ?? {}
  const revisions = `${checkpoints_revision} ${samples_revision}`
  if (last && isSame(last, revisions)) return false
  const bases = await foldersOf(db, run)
  const folders = sampleFoldersState(bases)
  const isSearched = last?.folders === folders && last.bases.join('\n') === bases.join('\n')
  const isFound = isSearched ? false : await recordFound(db, run, bases)
  const hasSamples = isFound || samples_revision > 0
  const { isStored, isWaiting } = hasSamples ? await storeNew(db, run, bases) : NOTHING_STORED
  passes.set(run, { revisions, bases, folders, isWaiting })
  return isFound || isStored
}

function isSame({ bases, folders, isWaiting, ...last }: Pass, revisions: string): boolean {
  return !isWaiting && last.revisions === revisions && folders === sampleFoldersState(bases)
}

async function foldersOf(db: Database, { job_id, folder }: RecordedRun): Promise<string[]> {
  const saved = await currentFiles(db, job_id)
  return sampleBases(
    folder,
    saved.map(({ path }) => path),
  )
}

async function recordFound(db: Database, run: RecordedRun, bases: string[]): Promise<boolean> {
  const { job_id, folder } = run
  const found = await findSamples(folder, bases)
  const stored = found.length > 0 ? await samplesByPath(db, job_id) : undefined
  const news = found.filter((one) => isNews(one, stored?.get(one.path)))
  if (news.length > 0) await recordFacts(db, job_id, await eventsOf(db, run, news))
  return news.length > 0
}

/** What a run logged of a file is more reliable than the file's name. */
function isNews({ prompt_index }: FoundSample, stored: StoredSample | undefined): boolean {
  if (stored === undefined) return true
  return stored.step_from !== 'log' && stored.prompt_index !== prompt_index
}

/** The attempt of a file is the last one that had begun when it was written. */
async function eventsOf(
  db: Database,
  { job_id, folder }: RecordedRun,
  found: readonly FoundSample[],
): Promise<EventOf<'sample'>[]> {
  const { attempts = [] } = (await jobDetail(db, job_id)) ?? {}
  return found.map((one) => {
    const at = Math.floor(statIfSeen(resolve(folder, one.path))?.mtimeMs ?? 0)
    const begun = attempts.filter(({ started_at }) => started_at !== null && started_at <= at)
    const attempt = begun.at(-1)?.attempt ?? attempts[0]?.attempt ?? 0
    const unknown = { prompt: null, text: null, content: null, content_state: null }
    return { type: 'sample', step_from: 'name', ...unknown, attempt, at, ...one }
  })
}

/** Whether anything of the samples was stored, and whether a file is still being written. */
interface Stored {
  isStored: boolean
  isWaiting: boolean
}

const NOTHING_STORED: Stored = { isStored: false, isWaiting: false }

/** Infers the steps of samples, and stores their files. */
async function storeNew(db: Database, run: RecordedRun, bases: string[]): Promise<Stored> {
  const inferred = await inferSampleSteps(db, run.job_id)
  const { isStored, isWaiting } = await storeUnread(db, run, bases)
  return { isStored: isStored || inferred > 0, isWaiting }
}

async function storeUnread(db: Database, run: RecordedRun, bases: string[]): Promise<Stored> {
  const { job_id, folder } = run
  const waiting = new Set<string>()
  let isStored = false
  for (;;) {
    const unread = await unreadSamples(db, job_id, AT_ONCE + waiting.size)
    const next = unread.filter(({ sample_id }) => !waiting.has(sample_id))
    const read: ReadSample[] = []
    for (const { sample_id, path } of next) {
      const content = await readSampleFile(folder, path, bases)
      if (content) read.push({ sample_id, ...content })
      else waiting.add(sample_id)
    }
    if (next.length === 0) return { isStored, isWaiting: waiting.size > 0 }
    await storeSampleFiles(db, job_id, read)
    isStored ||= read.length > 0
  }
}
