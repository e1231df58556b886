import { type Database, jobStatus, listCheckpoints } from '@bestmark/db'
import type { RecordedRun } from '../../recording/recordedRun.ts'
import { shellWord } from './runNames.ts'

/** What could not be found of a run: all but its output, its checkpoints, or its log. */
export type MissingPart = 'all' | 'checkpoints' | 'log'

/** What a person is told where something of a run was not found, with the command that would. */
export function missingText(
  lack: MissingPart,
  { name, cwd, root }: { name: string; cwd: string; root: string },
): string {
  const place = shellWord(root)
  if (lack === 'checkpoints') {
    return (
      `No checkpoint of ${name} was found below ${cwd}. ` +
      `If it saves them elsewhere: bestmark import ${place} --checkpoints PATH`
    )
  }
  if (lack === 'log') {
    return (
      `${name} saved weights in ${root}, but no log of its values was found. ` +
      `If it writes one elsewhere: bestmark import FOLDER --checkpoints ${place}`
    )
  }
  return (
    `No log or checkpoint of ${name} was found below ${cwd}, so only its output is recorded. ` +
    `If it writes to another folder: bestmark import FOLDER`
  )
}

/** What is missing on the board of a run that a program wrote; `isByWeights` where its log is. */
export async function findMissing(
  db: Database,
  { run, isByWeights }: { run: RecordedRun; isByWeights?: boolean },
): Promise<MissingPart | undefined> {
  const { current_step } = (await jobStatus(db, run.job_id)) ?? {}
  const hasSaved = (await listCheckpoints(db, run.job_id)).length > 0
  if (current_step == null) return hasSaved || isByWeights ? 'log' : undefined
  return hasSaved ? undefined : 'checkpoints'
}
