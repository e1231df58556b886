import { realpath, stat } from 'node:fs/promises'
import { isBuiltin } from 'node:module'
import { isUri, measuredJson, type TrainingJobStatus } from '@bestmark/core'
import { JobDeleted } from '@bestmark/db'
import pLimit from 'p-limit'
import { type Board, openBoard } from '../board/board.ts'
import { callerPath, callerRun } from '../cli/callerPath.ts'
import { parse } from '../cli/parse.ts'
import { print, notify } from '../cli/terminal.ts'
import { exportHeader } from '../export/exportHeader.ts'
import { importExport } from '../export/restoration.ts'
import { databaseErrorText } from '../databaseErrors.ts'
import { EXIT, type Exit, Failure, errorText, worseExit } from '../failure.ts'
import { isSqlite } from '../files/sqlite.ts'
import { importRun, IMPORTS_AT_ONCE, type NameOptions } from '../recording/importRun.ts'
import { applyNames } from '../recording/jobNames.ts'
import { archivePartJobs } from '../recording/partJobs.ts'
import { type FoundRun, searchRuns } from '../sources/runSearch.ts'
import { linkCheckpoints, requireOnePath } from '../sources/checkpointLinks.ts'
import { IMPORT } from './import.table.ts'
import { nameBelow } from './watch/runName.ts'

/** One job to import: a run's folder or state file, or a file of `bestmark export`. */
interface Found {
  /** The path that the user gave, or the path of the run below it. */
  path: string
  absolute: string
  /** The default name; undefined if the run declares its name. */
  name?: string
}

/** Puts runs on the board; returns the worst exit code of all paths. */
export async function main(words: readonly string[]): Promise<number> {
  const { values, args } = parse(words, IMPORT)
  const { checkpoints } = values
  requireOnePath(args.PATH, checkpoints)
  if (checkpoints !== undefined) {
    for (const path of args.PATH) await linkCheckpoints(callerPath(path), callerPath(checkpoints))
  }
  const found = (await Promise.all(args.PATH.map(foundAt))).flat()
  if (values.name !== undefined && found.length > 1) {
    const what = `--name names one job, but ${found.length} runs were found`
    throw new Failure(`${what}. Remove --name, or import one run at a time.`)
  }
  await using board = await openBoard()
  let exit: Exit = EXIT.found
  const atOnce = pLimit(IMPORTS_AT_ONCE)
  const imports = found.map((one) => {
    return { one, jobs: atOnce(() => importFound(board, one, values)) }
  })
  // An error is told in its turn, however early it comes.
  void Promise.allSettled(imports.map(({ jobs }) => jobs))
  for (const { one, jobs } of imports) {
    try {
      for (const job of await jobs) {
        print(values.json ? measuredJson(job) : plain(job))
      }
    } catch (error) {
      const why = error instanceof Failure ? undefined : databaseErrorText(error)
      notify(`bestmark: ${one.path}: ${why ?? errorText(error)}`)
      if (!(error instanceof JobDeleted))
        exit = worseExit(exit, error instanceof Failure ? error.exit : EXIT.unusable)
      else if (found.length === 1) exit = EXIT.nothing
    }
  }
  for (const text of await archivePartJobs(board, await rootsOf(found))) notify(`bestmark: ${text}`)
  return exit
}

/** The folders of the imported runs, with links resolved as on the board. */
async function rootsOf(found: readonly Found[]): Promise<string[]> {
  return Promise.all(found.map(({ absolute }) => realpath(absolute).catch(() => absolute)))
}

/** The runs at or below a path, as `bestmark watch` finds them; the path itself if there are none. */
async function foundAt(path: string): Promise<Found[]> {
  const absolute = callerRun(path)
  if (isUri(absolute)) return [{ path, absolute }]
  const isFolder = (await stat(absolute).catch(() => undefined))?.isDirectory() ?? false
  const runs = isFolder ? await runsIn(absolute) : []
  const [first, ...others] = runs
  // Importing the path itself explains why no run was found.
  if (!first || (others.length === 0 && first.folder === absolute)) return [{ path, absolute }]
  return Promise.all(
    runs.map(async (run) => {
      return { path: run.folder, absolute: run.folder, name: await nameBelow(absolute, run) }
    }),
  )
}

async function runsIn(folder: string): Promise<FoundRun[]> {
  const skipped: string[] = []
  const onUnreadable = (inner: string, why: string): void =>
    void skipped.push(`bestmark: Skipped ${inner}: ${why}`)
  const walk = { signal: new AbortController().signal, onUnreadable }
  const runs: FoundRun[] = []
  for await (const run of searchRuns(folder, walk)) runs.push(run)
  // If no run was found, importing the folder itself explains why.
  if (runs.length > 0) for (const text of skipped) notify(text)
  return runs
}

async function importFound(
  board: Board,
  { path, absolute, name }: Found,
  options: NameOptions,
): Promise<TrainingJobStatus[]> {
  const naming = { ...options, name: options.name ?? name }
  if (isUri(absolute)) {
    const { importStoredRun } = await import('../recording/storedRun.ts')
    const onNotice = (text: string): void => void notify(`bestmark: ${path}: ${text}\n`)
    const job = await importStoredRun(board, absolute, naming, onNotice)
    return [await withNames(board, path, job, options)]
  }
  if (await isSqlite(absolute)) return importStored(board, { path, absolute }, options)
  return [
    await withNames(board, path, await importPath(board, { path, absolute }, naming), options),
  ]
}

/** Gives a job that was on the board before the name of the options; says if its project stays. */
async function withNames(
  { db }: Board,
  path: string,
  job: TrainingJobStatus,
  options: NameOptions,
): Promise<TrainingJobStatus> {
  const { name, refusal } = await applyNames(db, job, options)
  if (refusal !== undefined) notify(`bestmark: ${path}: ${refusal}`)
  return { ...job, name }
}

/** Imports all runs of the store of another tracker. */
async function importStored(
  board: Board,
  { path, absolute }: Pick<Found, 'path' | 'absolute'>,
  options: NameOptions,
): Promise<TrainingJobStatus[]> {
  if (!isBuiltin('node:sqlite')) {
    const why = `Reading a SQLite store needs Node 22.5 or newer; this is ${process.version}.`
    throw new Failure(why)
  }
  // SQLite is loaded only for a store.
  const { importStore } = await import('../recording/importStore.ts')
  const imported = await importStore(board, absolute, options, ({ message }) => {
    notify(`bestmark: ${path}: ${message}`)
  })
  const jobs: TrainingJobStatus[] = []
  for (const job of imported) {
    jobs.push(await withNames(board, `${path}: ${job.name}`, job, options))
  }
  return jobs
}

async function importPath(
  board: Board,
  { path, absolute }: Pick<Found, 'path' | 'absolute'>,
  naming: NameOptions,
): Promise<TrainingJobStatus> {
  const header = exportHeader(absolute)
  const onNotice = (text: string): void => void notify(`bestmark: ${path}: ${text}\n`)
  if (!header) return importRun(board, absolute, naming, onNotice)
  const imported = await importExport(board, absolute, header, naming)
  const { job } = imported
  if (imported.isRecordedHere) {
    const why = 'is already on this board, recorded from its files. Nothing was imported'
    notify(`bestmark: ${path}: ${job.name} ${why}.`)
  }
  if (imported.isPolicyIgnored) {
    const why = `this board has a policy for project "${job.project}", so the exported one is ignored`
    notify(`bestmark: ${path}: ${why}.`)
  }
  return job
}

function plain({ job_id, name, status, best_checkpoint_path }: TrainingJobStatus): string {
  const best = best_checkpoint_path
    ? `its best checkpoint is ${best_checkpoint_path}`
    : 'it has no best checkpoint'
  return `${name} (${job_id}) is on the board as ${status}; ${best}.`
}
