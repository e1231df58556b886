import { JOURNAL } from '@bestmark/core'
import { randomUUID } from 'node:crypto'
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Board } from '../board/board.ts'
import { importRun } from '../recording/importRun.ts'
import { readJournalRun } from '../sources/journal/wholeJournal.ts'
import type { StartedRun } from './startRun.ts'

/** A copy of a run in another folder, on the board as a job of its own, which takes no time to train. */
export async function copyOfRun(
  board: Board,
  run: StartedRun,
  folder: string,
): Promise<{ job_id: string; folder: string }> {
  const job_id = randomUUID()
  await cp(run.folder, folder, { recursive: true })
  const journal = join(folder, JOURNAL)
  const text = await readFile(journal, 'utf8')
  await writeFile(journal, text.replace(run.job_id, job_id))
  await importRun(board, folder, {})
  return { job_id, folder }
}

export async function lossesInJournal(folder: string): Promise<number[]> {
  const run = await readJournalRun(folder)
  return run!.events.flatMap((event) =>
    event.type === 'metrics' && typeof event.values['loss'] === 'number'
      ? [event.values['loss']]
      : [],
  )
}

export async function savedSteps(folder: string): Promise<(number | null)[]> {
  const run = await readJournalRun(folder)
  return run!.events.flatMap((event) => (event.type === 'checkpoint' ? [event.step] : []))
}
