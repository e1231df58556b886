import { measuredJson, type TrainingJobStatus } from '@bestmark/core'
import { callerPath } from '../cli/callerPath.ts'
import { parse } from '../cli/parse.ts'
import { openBoard, type Board } from '../board/board.ts'
import { importExport } from '../export/restore.ts'
import { exportHeader } from '../export/header.ts'
import { EXIT, Failure, sentence, worse, type Exit } from '../failure.ts'
import { importRun } from '../recording/importRun.ts'
import { isStore } from '../files/sqlite.ts'
import { print, tell } from '../cli/terminal.ts'
import { IMPORT } from './import.table.ts'

/** Puts runs on the board; returns the worst exit code of all paths. */
export async function main(words: readonly string[]): Promise<number> {
  const { values, args } = parse(words, IMPORT)
  await using board = await openBoard()
  let exit: Exit = EXIT.found
  for (const path of args.PATH) {
    try {
      for (const job of await importPath(board, callerPath(path), values)) {
        print(values.json ? measuredJson(job) : plain(job))
      }
    } catch (error) {
      tell(`bestmark: ${path}: ${sentence(error)}`)
      exit = worse(exit, error instanceof Failure ? error.exit : EXIT.unusable)
    }
  }
  return exit
}

/** A run's folder or state file, what `bestmark export` wrote of a job, or the store of another board. */
async function importPath(
  board: Board,
  path: string,
  naming: { name?: string | undefined; project?: string | undefined },
): Promise<TrainingJobStatus[]> {
  if (await isStore(path)) {
    // SQLite is loaded only for those who have such a store.
    const { importStore } = await import('../recording/importStore.ts')
    return importStore(board, path, naming)
  }
  const header = exportHeader(path)
  const onTold = (text: string): void => void tell(`bestmark: ${path}: ${text}\n`)
  if (!header) return [await importRun(board, path, naming, onTold)]
  const { job, isKnown, keptPolicy } = await importExport(board, path, header, naming)
  const why = 'is on this board already, from its own files. Nothing was changed'
  if (isKnown) tell(`bestmark: ${path}: ${job.name} ${why}.`)
  if (keptPolicy) {
    const holds = `this board has a policy for project "${job.project}", so the exported one is ignored`
    tell(`bestmark: ${path}: ${holds}.`)
  }
  return [job]
}

function plain({ job_id, name, status, best_checkpoint_path }: TrainingJobStatus): string {
  const best = best_checkpoint_path
    ? `its best checkpoint is ${best_checkpoint_path}`
    : 'it has no best checkpoint'
  return `${name} (${job_id}) is on the board as ${status}; ${best}.`
}
