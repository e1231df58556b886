import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { grouped, shellWord, type TrainingJobStatus } from '@bestmark/core'
import { type Database, jobStatus } from '@bestmark/db'
import { statIfSeen } from '../../files/runFile.ts'
import { hasLiveProcess } from '../../processes/mark.ts'
import { readSetupNote } from '../../sources/config/setupNote.ts'
import { OUTPUT } from '../../sources/output/runOutput.ts'
import { readRunNote } from '../../sources/runNote.ts'
import { firstPrintedStep } from './printedSteps.ts'

/** An earlier run, of which only the output is recorded, and which a program seems to continue. */
export interface EarlierOutput {
  job_id: string
  name: string
  folder: string
  /** Its last step. */
  last_step: number
  /** The first step of the program that seems to continue it. */
  next_step: number
}

/**
 * The earlier run that the program with its output in a folder seems to continue: the last run of the
 * same command in the same working directory, if it printed an earlier first step. Both have folders
 * of their own, since no file of the program showed that they are one run.
 */
export async function earlierOutputOf(
  db: Database,
  { folder: root, job_id }: { folder: string; job_id: string },
): Promise<EarlierOutput | undefined> {
  const folder = await lastOfSameCommand(root)
  const earlier = folder && (await jobIn(db, folder))
  const started_at = (await jobStatus(db, job_id))?.started_at
  if (!earlier || earlier.current_step === null || earlier.ended_at === null) return undefined
  if (started_at == null || earlier.ended_at > started_at) return undefined
  const [first, next] = [await firstPrintedStep(folder), await firstPrintedStep(root)]
  if (first === undefined || next === undefined || next <= first) return undefined
  const { name, current_step } = earlier
  return { job_id: earlier.job_id, name, folder, last_step: current_step, next_step: next }
}

/** Says that a job may continue an earlier one, and how to compare or to join such jobs. */
export function earlierOutputText(
  { job_id: earlier, name, folder, last_step, next_step }: EarlierOutput,
  job_id: string,
): string {
  return (
    `This run begins at step ${grouped(next_step)}. It may continue ${name} (${earlier}), ` +
    `an earlier run of the same command, which ended at step ${grouped(last_step)}. ` +
    `They are two jobs. To compare them: bestmark compare ${earlier} ${job_id}. ` +
    `To continue a run in its job: bestmark run --folder ${shellWord(folder)} -- COMMAND`
  )
}

/** The job that `bestmark run` noted in a folder, unless it was deleted. */
async function jobIn(db: Database, folder: string): Promise<TrainingJobStatus | undefined> {
  const id = (await readRunNote(folder))?.job_id
  const job = id ? await jobStatus(db, id) : undefined
  return job?.deleted_at === null ? job : undefined
}

async function lastOfSameCommand(root: string): Promise<string | undefined> {
  const command = await commandOf(root)
  if (command === undefined) return undefined
  const above = dirname(root)
  const printed = (await readdir(above)).flatMap((name) => {
    const folder = join(above, name)
    const at = statIfSeen(join(folder, OUTPUT))?.mtimeMs
    return folder === root || at === undefined ? [] : [{ folder, at }]
  })
  // There may be thousands of runs, so only the newest ones are opened.
  for (const { folder } of printed.sort((one, other) => other.at - one.at)) {
    if (!hasLiveProcess(folder) && (await commandOf(folder)) === command) return folder
  }
  return undefined
}

/** The command and the working directory of the last program in a folder. */
async function commandOf(folder: string): Promise<string | undefined> {
  const { command, working_directory } = (await readSetupNote(folder))?.environment ?? {}
  return command === undefined ? undefined : JSON.stringify([command, working_directory])
}
