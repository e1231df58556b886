import { stat } from 'node:fs/promises'
import { measuredJson, type TrainingJobStatus } from '@bestmark/core'
import { type Board, openBoard } from '../board/board.ts'
import { callerPath } from '../cli/callerPath.ts'
import { parse } from '../cli/parse.ts'
import { print, notify } from '../cli/terminal.ts'
import { exportHeader } from '../export/exportHeader.ts'
import { importExport } from '../export/restoration.ts'
import { EXIT, type Exit, Failure, errorText, worseExit } from '../failure.ts'
import { isSqlite } from '../files/sqlite.ts'
import { importRun, type NameOptions } from '../recording/importRun.ts'
import { applyNames } from '../recording/jobNames.ts'
import { type FoundRun, searchRuns } from '../sources/runSearch.ts'
import { linkCheckpoints, refuseSeveral } from '../sources/checkpointLinks.ts'
import { IMPORT } from './import.table.ts'
import { nameBelow } from './watch/runName.ts'

/** What is imported as one job: a run's folder or state file, or what `bestmark export` wrote. */
interface Found {
  /** As the person named it, or where it was found below that. */
  path: string
  absolute: string
  /** What it is called where nobody says otherwise; undefined where it tells itself. */
  name?: string
}

/** Puts runs on the board; returns the worst exit code of all paths. */
export async function main(words: readonly string[]): Promise<number> {
  const { values, args } = parse(words, IMPORT)
  const { checkpoints } = values
  refuseSeveral(args.PATH, checkpoints)
  if (checkpoints !== undefined) {
    for (const path of args.PATH) await linkCheckpoints(callerPath(path), callerPath(checkpoints))
  }
  const found = (await Promise.all(args.PATH.map(foundAt))).flat()
  if (values.name !== undefined && found.length > 1) {
    const what = `--name names one job, but ${found.length} runs were found`
    throw new Failure(`${what}. Leave --name out, or import one run at a time.`)
  }
  await using board = await openBoard()
  let exit: Exit = EXIT.found
  for (const one of found) {
    try {
      for (const job of await importFound(board, one, values)) {
        print(values.json ? measuredJson(job) : plain(job))
      }
    } catch (error) {
      notify(`bestmark: ${one.path}: ${errorText(error)}`)
      exit = worseExit(exit, error instanceof Failure ? error.exit : EXIT.unusable)
    }
  }
  return exit
}

/** The runs at or below a path, as a watch finds them; the path itself where there are none. */
async function foundAt(path: string): Promise<Found[]> {
  const absolute = callerPath(path)
  const isFolder = (await stat(absolute).catch(() => undefined))?.isDirectory() ?? false
  const runs = isFolder ? await runsIn(absolute) : []
  const [first, ...others] = runs
  // A run that says what is wrong with it, or that was named itself.
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
  // Where nothing was found, the import of the folder itself says why.
  if (runs.length > 0) for (const text of skipped) notify(text)
  return runs
}

async function importFound(
  board: Board,
  { path, absolute, name }: Found,
  told: NameOptions,
): Promise<TrainingJobStatus[]> {
  const naming = { ...told, name: told.name ?? name }
  if (await isSqlite(absolute)) return importStored(board, absolute, told)
  const job = await importPath(board, { path, absolute }, naming)
  const named = await applyNames(board.db, job, told)
  if (named.refusal !== undefined) notify(`bestmark: ${path}: ${named.refusal}`)
  return [{ ...job, name: named.name }]
}

/** All runs of another board's store. */
async function importStored(
  board: Board,
  path: string,
  told: NameOptions,
): Promise<TrainingJobStatus[]> {
  // SQLite is loaded only for those who have such a store.
  const { importStore } = await import('../recording/importStore.ts')
  return importStore(board, path, told)
}

async function importPath(
  board: Board,
  { path, absolute }: Pick<Found, 'path' | 'absolute'>,
  naming: NameOptions,
): Promise<TrainingJobStatus> {
  const header = exportHeader(absolute)
  const onNotice = (text: string): void => void notify(`bestmark: ${path}: ${text}\n`)
  if (!header) return importRun(board, absolute, naming, onNotice)
  const { job, isRecordedHere, isPolicyIgnored } = await importExport(
    board,
    absolute,
    header,
    naming,
  )
  const why = 'is on this board already, from its own files. Nothing was imported'
  if (isRecordedHere) notify(`bestmark: ${path}: ${job.name} ${why}.`)
  if (isPolicyIgnored) {
    const holds = `this board has a policy for project "${job.project}", so the exported one is ignored`
    notify(`bestmark: ${path}: ${holds}.`)
  }
  return job
}

function plain({ job_id, name, status, best_checkpoint_path }: TrainingJobStatus): string {
  const best = best_checkpoint_path
    ? `its best checkpoint is ${best_checkpoint_path}`
    : 'it has no best checkpoint'
  return `${name} (${job_id}) is on the board as ${status}; ${best}.`
}
