import { dirname, resolve } from 'node:path'
import type { EventOf } from '@bestmark/core'
import {
  currentFiles,
  type Database,
  inferSampleSteps,
  jobDetail,
  recordFacts,
  type ReadSample,
  samplesByPath,
  type StoredSample,
  storeSampleFiles,
  unreadSamples,
} from '@bestmark/db'
import { statIfSeen } from '../files/runFile.ts'
import { findSamples, sampleFoldersState, type FoundSample } from '../samples/sampleFolders.ts'
import { readSampleFile } from '../samples/sampleFile.ts'
import type { RecordedRun } from './recordedRun.ts'

/** How many files are stored in one transaction. */
const AT_ONCE = 8
/** The most folders with checkpoints in which samples are searched. */
const MOST_FOLDERS = 20

/** The folders of each run as they were when its samples were last searched. */
const searched = new WeakMap<RecordedRun, string>()

/**
 * Records samples that a program wrote as files named by their step, and stores the files of all
 * samples; returns whether there were any. Call it after the run's checkpoints are recorded.
 */
export async function recordSampleFiles(db: Database, run: RecordedRun): Promise<boolean> {
  const bases = await foldersOf(db, run)
  const found = await recordFound(db, run, bases)
  const inferred = await inferSampleSteps(db, run.job_id)
  const stored = await storeUnread(db, run, bases)
  return found || inferred > 0 || stored
}

/** The run's folder, and the folders of its checkpoints, because samples often lie beside them. */
async function foldersOf(db: Database, { job_id, folder }: RecordedRun): Promise<string[]> {
  const saved = await currentFiles(db, job_id)
  const folders = saved.map(({ path }) => dirname(resolve(folder, path)))
  return [...new Set([resolve(folder), ...folders])]
    .filter((one) => statIfSeen(one)?.isDirectory())
    .slice(0, MOST_FOLDERS)
}

async function recordFound(db: Database, run: RecordedRun, bases: string[]): Promise<boolean> {
  const state = `${bases.join('\n')}\n${sampleFoldersState(bases)}`
  if (searched.get(run) === state) return false
  const { job_id, folder } = run
  const found = await findSamples(folder, bases)
  const stored = found.length > 0 ? await samplesByPath(db, job_id) : undefined
  const news = found.filter((one) => isNews(one, stored?.get(one.path)))
  if (news.length > 0) await recordFacts(db, job_id, await eventsOf(db, run, news))
  searched.set(run, state)
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

async function storeUnread(db: Database, run: RecordedRun, bases: string[]): Promise<boolean> {
  const { job_id, folder } = run
  const waiting = new Set<string>()
  let any = false
  for (;;) {
    const unread = await unreadSamples(db, job_id, AT_ONCE + waiting.size)
    const next = unread.filter(({ sample_id }) => !waiting.has(sample_id))
    const read: ReadSample[] = []
    for (const { sample_id, path } of next) {
      const content = await readSampleFile(folder, path, bases)
      if (content) read.push({ sample_id, ...content })
      else waiting.add(sample_id)
    }
    if (next.length === 0) return any
    await storeSampleFiles(db, job_id, read)
    any ||= read.length > 0
  }
}
