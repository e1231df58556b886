import { randomUUID } from 'node:crypto'
import { lstat, readdir, rm, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { rowsFrom, select, type TrainingJobStatus } from '@bestmark/core'
import { findJobs } from '@bestmark/db'
import type { Board } from '../../apps/trainer/src/board/board.ts'
import { Failure, errorText } from '../../apps/trainer/src/failure.ts'
import { importRun } from '../../apps/trainer/src/recording/importRun.ts'
import { randomStream } from '@bestmark/char-lm'
import { readRun } from '../../apps/trainer/src/sources/readRun.ts'
import type { ReadRun } from '../../apps/trainer/src/sources/reader/source.ts'
import { writeMutated } from './mutations.ts'
import { seeds } from './seeds.ts'

/** How many cases, where, and how the pages of a job are read. */
export interface Fuzz {
  seed: number
  cases: number
  /** The folder of the mutated runs; a run with a fault stays there. */
  folder: string
  /** Throws if a page of the job cannot be read. */
  readPages?: (job: TrainingJobStatus) => Promise<void>
  printLine?: (line: string) => void
}

/** A run that was read wrongly. */
export interface Fault {
  /** The number of the case, which repeats it. */
  number: number
  root: string
  changed: string[]
  why: string
}

/** No small run takes this long to read (ms), so a reader that still runs is stuck. */
const HANGS = 60_000

/** Tries mutated runs one by one and returns the faults. */
export async function fuzz(board: Board, how: Fuzz, only?: number): Promise<Fault[]> {
  const runs = [...(await seeds())]
  const faults: Fault[] = []
  const [from, to] = only === undefined ? [0, how.cases] : [only, only + 1]
  for (let number = from; number < to; number++) {
    const random = randomStream(how.seed, `case ${number}`)
    const [name, files] = runs[Math.floor(random() * runs.length)] ?? ['', {}]
    const root = join(how.folder, `${number}-${name.replaceAll(/\W/g, '-')}`)
    const changed = await writeMutated(root, withNewId(files), random)
    await age(root)
    const why = await within(HANGS, faultOf(board, root, how)).catch((error: unknown) => {
      return `it threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
    })
    if (why !== undefined) faults.push({ number, root, changed, why })
    if (why !== undefined)
      how.printLine?.(`case ${number}: ${changed.join(', ')} in ${root}: ${why}`)
    else await rm(root, { recursive: true, force: true })
  }
  return faults
}

/** Makes a run an hour old, because readers leave the last line of a growing run unread. */
async function age(root: string): Promise<void> {
  const then = new Date(Date.now() - 3_600_000)
  const names = await readdir(root, { recursive: true })
  // A change inside a folder also changes the folder's time, so the deepest come first.
  for (const name of [...names.sort().reverse(), '']) {
    const path = join(root, name)
    if (!(await lstat(path)).isSymbolicLink()) await utimes(path, then, then)
  }
}

/** Each run is a job of its own. */
function withNewId(
  files: Record<string, string | Uint8Array>,
): Record<string, string | Uint8Array> {
  const { 'journal.jsonl': journal, ...others } = files
  if (journal === undefined) return files
  const id = /(?<="job_id": ?")[0-9a-f-]{36}(?=")/
  return {
    ...others,
    'journal.jsonl': Buffer.from(journal).toString('utf8').replace(id, randomUUID()),
  }
}

/** What is wrong in reading, recording or showing a run; undefined if nothing is. */
async function faultOf(board: Board, root: string, how: Fuzz): Promise<string | undefined> {
  const read = await orFailure(readRun(root))
  const name = root.split('/').at(-1) ?? ''
  const recorded = await orFailure(importRun(board, root, { name }))
  if (read instanceof Failure || recorded instanceof Failure) {
    const failures = [read, recorded].filter((one) => one instanceof Failure)
    const unclear = failures.map(errorText).find((text) => !isClear(text))
    if (unclear !== undefined) return `"${unclear}" is not a sentence for people`
  }
  if (recorded instanceof Failure) {
    const left = await findJobs(board.db, name)
    return left.length > 0 ? `a job was left, though ${errorText(recorded)}` : undefined
  }
  await how.readPages?.(recorded)
  const isSilent = !(read instanceof Failure) && read.events.length === 0
  if (recorded.status === 'queued' && !isSilent) return 'its job is queued for ever'
  return read instanceof Failure ? undefined : absurdIn(read, recorded)
}

async function orFailure<T>(reading: Promise<T>): Promise<T | Failure> {
  return reading.catch((error: unknown) => {
    if (error instanceof Failure) return error
    throw error
  })
}

/** Words that only a programmer understands. */
const RAW =
  /^[[{]|\bE[A-Z]{4,}\b|out of range for type|call stack|\bselect |\bundefined\b|Invalid time/

function isClear(text: string): boolean {
  return text.length > 10 && !RAW.test(text)
}

/** What is wrong with the best: an impossible step, or two answers that differ. */
function absurdIn({ events }: ReadRun, { best_step }: TrainingJobStatus): string | undefined {
  const { best } = select({ policy: 'as_declared', ...rowsFrom(events) })
  const step = best?.step ?? null
  if (step !== null && !(Number.isSafeInteger(step) && step >= 0)) return `step ${step} won`
  return step === best_step ? undefined : `pick chose ${step}, and the board ${best_step}`
}

async function within<T>(time: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing came within ${time} ms`)), time)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}
