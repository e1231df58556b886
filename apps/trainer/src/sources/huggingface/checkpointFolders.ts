import { join } from 'node:path'
import { readdir } from 'node:fs/promises'
import { Failure, systemCode } from '../../failure.ts'
import { type InspectedFiles, inspectCheckpoint } from '../../checkpoints/inspect.ts'
import { isWeights } from '../../checkpoints/weights/weights.ts'
import { readTrainerState, type TrainerState } from './trainerState.ts'

/** The file that the Trainer writes last into a checkpoint, and into the root after training. */
export const STATE = 'trainer_state.json'
/** Said of a checkpoint whose files are whole but for its state. */
export const STATE_UNREADABLE = `its ${STATE} cannot be read`
/** The path of a run's own folder where that is a checkpoint. */
export const ROOT = '.'

const NUMBERED = /^checkpoint-(\d{1,15})$/
/** Names that people and the Hub give to the newest or best checkpoint; its state tells the step. */
const NAMED = /^(last|latest|best|final)[-_]?checkpoint$|^checkpoint[-_](last|latest|best|final)$/
/** Checkpoints looked at together; each may hold a few files open. */
const TOGETHER = 16
/** Codes that tell of a file; any other, such as too many open files, tells nothing of it. */
const FILE_CODES = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES', 'EPERM', 'ELOOP', 'ENXIO'])

/** A checkpoint's folder, and its state where that can be read. */
export interface CheckpointFolder {
  name: string
  step: number
  files: InspectedFiles
  state: TrainerState | null
}

/** Whether a folder of this name may be a checkpoint of the Trainer. */
export function isCheckpointName(name: string): boolean {
  return NUMBERED.test(name) || NAMED.test(name)
}

/** Whether the Trainer itself gives this name, with the step in it. */
export function isNumberedName(name: string): boolean {
  return NUMBERED.test(name)
}

/** The checkpoints of an output folder by their steps, each with a look at its files. */
export async function findCheckpointFolders(path: string): Promise<CheckpointFolder[]> {
  const all = await readdir(path)
  const names = all.filter(isCheckpointName)
  // What a person copied out of a run is a checkpoint by itself.
  const isAlone = names.length === 0 && all.includes(STATE) && all.some(isWeights)
  if (isAlone) names.push(ROOT)
  const folders: CheckpointFolder[] = []
  for (let from = 0; from < names.length; from += TOGETHER) {
    const some = names.slice(from, from + TOGETHER)
    const found = await Promise.all(some.map((name) => readCheckpointFolder(path, name)))
    folders.push(...found.filter((one) => one !== undefined))
  }
  return folders.sort((a, b) => a.step - b.step)
}

async function readCheckpointFolder(
  root: string,
  name: string,
): Promise<CheckpointFolder | undefined> {
  const named = NUMBERED.exec(name)?.[1]
  const files = await inspectCheckpoint(root, name, STATE)
  try {
    const state = await readTrainerState(join(root, name, STATE))
    return { name, step: named === undefined ? state.global_step : Number(named), files, state }
  } catch (error) {
    const code = systemCode(error)
    const isOfTheFile = error instanceof Failure && (code === undefined || FILE_CODES.has(code))
    if (!isOfTheFile) throw error
    if (named === undefined) return undefined
    const step = Number(named)
    // Whoever writes checkpoints without a state was not cut short: the look at the files tells.
    const isMissing = code === 'ENOENT' || code === 'ENOTDIR'
    if (files.files_state !== 'complete' || isMissing) return { name, step, files, state: null }
    const broken = { files_state: 'broken', files_why: STATE_UNREADABLE } as const
    return { name, step, files: { ...files, ...broken }, state: null }
  }
}
