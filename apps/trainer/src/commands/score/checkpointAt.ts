import { readdir, realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { rowsFrom, type Checkpoint } from '@bestmark/core'
import { absolutePath } from '@bestmark/db/root'
import { Failure, errorText, systemCode } from '../../failure.ts'
import { JOURNAL } from '../../journal/header.ts'
import { readRun } from '../../sources/readRun.ts'
import type { ReadRun } from '../../sources/reader/source.ts'
import { findSources } from '../../sources/sources.ts'
import { WEIGHTS_ONLY_NAME } from '../../sources/unlogged/unlogged.ts'

/** A checkpoint that can be scored, and the run it is of. */
export interface RunCheckpoint {
  run: ReadRun
  checkpoint: Checkpoint & { step: number }
}

/** A run's root is looked for so many folders above a checkpoint. */
const HIGHEST = 4
/** What to do about a file without a step. */
export const STEP_HINT =
  'Score the checkpoint that it is a copy of, or save it under a name with its step, such as model-500.pt.'
/** Names that a sentence lists at most. */
const LISTED = 12

/**
 * The checkpoint that a folder or a file is, with the run that lists it, found upwards. Throws a Failure
 * that says why there is none, or why it cannot be scored.
 */
export async function checkpointAt(path: string): Promise<RunCheckpoint> {
  const folder = await realPlace(path)
  let above = dirname(folder)
  let unread: unknown
  // Weights in a folder of their own are of the run above them that has a log.
  let unlogged: RunCheckpoint | undefined
  for (let height = 0; height < HIGHEST && above !== dirname(above); height++) {
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

/** The checkpoint was found, but cannot be scored; no other folder needs a look. */
class Unscorable extends Failure {}

async function realPlace(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (cause) {
    const gone = systemCode(cause) === 'ENOENT'
    const why = gone ? `There is no ${path}.` : `Cannot open ${path}: ${errorText(cause)}`
    throw new Failure(why, { cause })
  }
}

/** Whether a folder is worth reading as a run; one that may not be listed is not. */
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
  const own = run ? rowsFrom(run.events).checkpoints : []
  if (own.length > 0) {
    const names = listText(own.map((one) => one.path))
    return `${path} is a run, not a checkpoint. Name one of its checkpoints: ${names}.`
  }
  const isFile = await stat(folder).then((seen) => seen.isFile())
  if (isFile) return `${path} is a file, but no checkpoint of a run. Name a checkpoint.`
  const because = unread === undefined ? '' : ` (${errorText(unread)})`
  return `${path} is no checkpoint of a run: no folder above it is a run that has it${because}.`
}

/** Names as a sentence lists them, the rest counted. */
export function listText(names: readonly string[]): string {
  const rest = names.length - LISTED
  const shown = names.slice(0, LISTED).join(', ')
  return rest > 0 ? `${shown} and ${rest} more` : shown
}
