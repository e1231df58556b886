import { join } from 'node:path'
import { readdir } from 'node:fs/promises'
import { Failure, systemCode } from '../../failure.ts'
import { inspectCheckpoint } from '../../checkpoints/inspect.ts'
import type { InspectedFiles } from '../../checkpoints/inspection.ts'
import { isWeights } from '../../checkpoints/weights/weights.ts'
import { Listing } from '../../files/listing.ts'
import { statIfSeen } from '../../files/runFile.ts'
import type { ParsedLogs } from './parsedLogs.ts'
import { readTrainerState, type TrainerState } from './trainerState.ts'

/** The Trainer's state. It is the last file of a checkpoint, and is written to the root after training. */
export const STATE = 'trainer_state.json'
/** The state of files of which only the trainer's state is unreadable. */
const UNREADABLE = {
  files_state: 'broken',
  files_why: `its ${STATE} cannot be read`,
  files_fault: 'state_unreadable',
} as const
/** The path of a run's root if it is a checkpoint itself. */
export const ROOT = '.'

const NUMBERED = /^checkpoint-(\d{1,15})$/
/** Names that users and the Hub give to the newest or best checkpoint. Its state has the step. */
const NAMED = /^(last|latest|best|final)[-_]?checkpoint$|^checkpoint[-_](last|latest|best|final)$/
/** How many checkpoints are read at the same time. Each may open a few files. */
const TOGETHER = 16
/** Errors of a file. Others, such as too many open files, are not caused by the file. */
const FILE_CODES = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES', 'EPERM', 'ELOOP', 'ENXIO'])

/** A checkpoint's folder, and its state; null if that cannot be read. */
export interface CheckpointFolder {
  name: string
  step: number
  files: InspectedFiles
  state: TrainerState | null
}

/** Whether a folder of this name may be a checkpoint of the Trainer. */
function isCheckpointName(name: string): boolean {
  return NUMBERED.test(name) || NAMED.test(name)
}

/** Whether this is a name by the Trainer, with the step. */
export function isNumberedName(name: string): boolean {
  return NUMBERED.test(name)
}

/** A folder that a user renamed: its name ends with the step of the state in it. */
const RENAMED = /\D(\d{1,15})$/
const GLOBAL_STEP = /"global_step": ?(\d{1,15})\b/

/**
 * The names of folders that are checkpoints of the Trainer. If none has a name by the Trainer, those
 * with the step of their state count: `ckpt_300`.
 */
export async function findCheckpointNames(listing: Listing): Promise<string[]> {
  const all = listing.names()
  const names = all.filter(isCheckpointName)
  if (names.length > 0) return names
  const renamed: string[] = []
  for (const name of all) {
    const named = RENAMED.exec(name)?.[1]
    if (named === undefined || !statIfSeen(join(listing.root, name, STATE))) continue
    const step = GLOBAL_STEP.exec(await listing.head(`${name}/${STATE}`))?.[1]
    if (Number(step) === Number(named)) renamed.push(name)
  }
  return renamed
}

/**
 * The checkpoints of an output folder in order of steps, with the state of their files. `logs` has the
 * states of its run that were read before.
 */
export async function findCheckpointFolders(
  path: string,
  logs: ParsedLogs,
): Promise<CheckpointFolder[]> {
  const all = await readdir(path)
  const names = await findCheckpointNames(new Listing(path))
  // A user may copy one checkpoint out of a run.
  const isAlone = names.length === 0 && all.includes(STATE) && all.some(isWeights)
  if (isAlone) names.push(ROOT)
  const folders: CheckpointFolder[] = []
  for (let from = 0; from < names.length; from += TOGETHER) {
    const some = names.slice(from, from + TOGETHER)
    const found = await Promise.all(some.map((name) => readCheckpointFolder(path, name, logs)))
    folders.push(...found.filter((one) => one !== undefined))
  }
  return folders.sort((a, b) => a.step - b.step)
}

async function readCheckpointFolder(
  root: string,
  name: string,
  logs: ParsedLogs,
): Promise<CheckpointFolder | undefined> {
  const named = NUMBERED.exec(name)?.[1]
  const files = await inspectCheckpoint(root, name, STATE)
  try {
    const state = await readTrainerState(join(root, name, STATE), logs)
    return { name, step: named === undefined ? state.global_step : Number(named), files, state }
  } catch (error) {
    const code = systemCode(error)
    const isOfTheFile = error instanceof Failure && (code === undefined || FILE_CODES.has(code))
    if (!isOfTheFile) throw error
    if (named === undefined) return undefined
    const step = Number(named)
    // A checkpoint without a state may still be complete; the inspection of its files decides.
    const isMissing = code === 'ENOENT' || code === 'ENOTDIR'
    if (files.files_state !== 'complete' || isMissing) return { name, step, files, state: null }
    return { name, step, files: { ...files, ...UNREADABLE }, state: null }
  }
}
