import { join } from 'node:path'
import { type Database, jobStatus, listCheckpoints } from '@bestmark/db'
import type { RecordedRun } from '../../recording/recordedRun.ts'
import { shellWord } from '@bestmark/core'
import { OUTPUT } from '../../sources/output/runOutput.ts'

/**
 * The part of a run that was not found: everything except its output, its checkpoints, or its log.
 * With `doubtful`, folders have checkpoints that may be those of another run.
 */
export type MissingPart = 'all' | 'checkpoints' | 'log' | { doubtful: string[] }

/** Says which part of a run was not found, and which command can add it. */
export function missingText(
  part: MissingPart,
  { name, cwd, root }: { name: string; cwd: string; root: string },
): string {
  const folder = shellWord(root)
  if (typeof part === 'object') {
    const output = shellWord(join(root, OUTPUT))
    return (
      `Several runs may have written to ${part.doubtful.join(', ')}, so ${name} has no checkpoints. ` +
      `If one FOLDER is of this run: cp ${output} FOLDER && bestmark import FOLDER`
    )
  }
  if (part === 'checkpoints') {
    return (
      `No checkpoint of ${name} was found below ${cwd}. ` +
      `If it saves them in another folder: bestmark import ${folder} --checkpoints PATH`
    )
  }
  if (part === 'log') {
    return (
      `${name} saved weights in ${root}, but no log was found. ` +
      `If it writes one to another folder: bestmark import FOLDER --checkpoints ${folder}`
    )
  }
  return (
    `No log or checkpoint of ${name} was found below ${cwd}, so only its output is recorded. ` +
    `If it writes to another folder: bestmark import FOLDER`
  )
}

/** Finds the part of a run that is missing on the board; `isByWeights`: only its weights were found. */
export async function findMissing(
  db: Database,
  { run, isByWeights }: { run: RecordedRun; isByWeights?: boolean },
): Promise<MissingPart | undefined> {
  const { current_step } = (await jobStatus(db, run.job_id)) ?? {}
  const hasSaved = (await listCheckpoints(db, run.job_id)).length > 0
  if (current_step == null) return hasSaved || isByWeights ? 'log' : undefined
  return hasSaved ? undefined : 'checkpoints'
}
