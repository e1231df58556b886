import { readdir, realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isUri, MOUNT_ADVICE, rowsFrom, type Checkpoint, JOURNAL } from '@bestmark/core'
import { absolutePath } from '@bestmark/db/root'
import { Failure, errorText, systemCode } from '../../failure.ts'
import { readRun } from '../../sources/readRun.ts'
import type { ReadRun } from '../../sources/reader/source.ts'
import { findSources } from '../../sources/sources.ts'
import { WEIGHTS_ONLY_NAME } from '../../sources/unlogged/unlogged.ts'

/** A checkpoint that can be scored, and its run. */
export interface RunCheckpoint {
  run: ReadRun
  checkpoint: Checkpoint & { step: number }
}

/** The number of folders above a checkpoint that may be the run's root. */
const MAX_HEIGHT = 4
/** What to do with a file without a step. */
export const STEP_HINT =
  'If it is a copy, score the original. Otherwise save it under a name with its step, such as model-500.pt.'
/** The most names in a list of a sentence. */
const MAX_LISTED = 12

/**
 * Finds the checkpoint at a path and its run, in one of the folders above. Throws a Failure if there
 * is none, or if it cannot be scored.
 */
export async function checkpointAt(path: string): Promise<RunCheckpoint> {
  const folder = await realPathOf(path)
  let above = dirname(folder)
  let unread: unknown
  // A run that has only weights counts if no run above has a log.
  let unlogged: RunCheckpoint | undefined
  for (let height = 0; height < MAX_HEIGHT && above !== dirname(above); height++) {
    try {
      const run = (await mayBeRun(above)) ? await readRun(above) : undefined
      const found = run && (await listed(run, folder))
      if (run && found) {
        const checkpoint = { run, checkpoint: scorable(found) }
        if (run.source !== WEIGHTS_ONLY_NAME) return checkpoint
        unlogged ??= checkpoint
      }
    } catch (error) {
      if (!(error instanceof Failure) || error instanceof Unscorable) throw error
      unread ??= error
    }
    above = dirname(above)
  }
  if (unlogged) return unlogged
  throw new Failure(await whyNone(path, folder, unread))
}

/** The checkpoint was found, but cannot be scored, so the search ends. */
class Unscorable extends Failure {}

async function realPathOf(path: string): Promise<string> {
  if (isUri(path)) {
    throw new Failure(`${path} is in an object store, but a score needs a folder. ${MOUNT_ADVICE}.`)
  }
  try {
    return await realpath(path)
  } catch (cause) {
    const gone = systemCode(cause) === 'ENOENT'
    const why = gone ? `There is no ${path}.` : `Cannot open ${path}: ${errorText(cause)}`
    throw new Failure(why, { cause })
  }
}

/** Whether a folder may be a run. An unreadable folder is not. */
async function mayBeRun(folder: string): Promise<boolean> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (systemCode(error) === undefined) throw error
    return []
  })
  if (names.some((name) => name === JOURNAL || CHECKPOINT.test(name))) return true
  return (await findSources(folder)).length > 0
}

const CHECKPOINT = /^(trainer_state\.json|checkpoint-\d+)$/

/** The run's checkpoint that is in the folder now: the last save, if there were several. */
async function listed(run: ReadRun, folder: string): Promise<Checkpoint | undefined> {
  const { checkpoints } = rowsFrom(run.events)
  for (const checkpoint of checkpoints.toReversed()) {
    const path = absolutePath(run.root, checkpoint.path)
    if (path === folder || (await realpath(path).catch(() => path)) === folder) return checkpoint
  }
  return undefined
}

function scorable(checkpoint: Checkpoint): Checkpoint & { step: number } {
  const { step, path, files_state, files_why } = checkpoint
  if (step === null) {
    throw new Unscorable(`${path} has no step, but a score needs one. ${STEP_HINT}`)
  }
  if (files_state !== 'complete') {
    const why = files_why ? `: ${files_why}` : ''
    throw new Unscorable(`${path} is ${files_state}${why}, so it cannot be scored.`)
  }
  return { ...checkpoint, step }
}

async function whyNone(path: string, folder: string, unread: unknown): Promise<string> {
  const run = await readRun(folder).catch((error: unknown) => {
    if (!(error instanceof Failure)) throw error
    return undefined
  })
  const checkpoints = run ? rowsFrom(run.events).checkpoints : []
  if (checkpoints.length > 0) {
    const names = listText(checkpoints.map((one) => one.path))
    return `${path} is a run, not a checkpoint. Name one of its checkpoints: ${names}.`
  }
  const isFile = await stat(folder).then((seen) => seen.isFile())
  if (isFile) return `${path} is a file, but not a checkpoint of a run. Name a checkpoint.`
  const because = unread === undefined ? '' : ` (${errorText(unread)})`
  return `${path} is not a checkpoint: no folder above it is a run with this checkpoint${because}.`
}

/** A list of names for a sentence. Names beyond the limit are only counted. */
export function listText(names: readonly string[]): string {
  const rest = names.length - MAX_LISTED
  const listed = names.slice(0, MAX_LISTED).join(', ')
  return rest > 0 ? `${listed} and ${rest} more` : listed
}
