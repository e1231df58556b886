import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type TrainingEvent, ownValue, setOwn, type ReaderNote, readerNote } from '@bestmark/core'
import { systemCode } from '../../failure.ts'
import { inspectCheckpoint } from '../../checkpoints/inspect.ts'
import { findAttempt, type Progress } from './attempts.ts'
import { measuredEvents } from './newEvents.ts'
import type { Listing } from '../../files/listing.ts'
import { readTorchState } from '../../files/torchState.ts'

/** Weights in a run's folder: a file, or a folder of files. */
export interface SavedFile {
  /** Whether its own metrics are those of the log at its step. */
  isConfirmed?: boolean
  path: string
  step: number | null
  epoch: number | null
  /** The word in a name without a step, such as `best` or `last`. */
  role: string | null
  /** Time of the last change (ms), and size (bytes). */
  mtime: number
  size: number
  /** Set if more than the step shows the attempt. */
  attempt?: number
  /** Metrics in the file that the log does not have. */
  values?: Record<string, number>
  /** How the step was found, if the user should know. */
  step_note?: ReaderNote
}

/** Reads the name of a file; undefined if it is not a name of weights. */
export type NameReader = (name: string) => Pick<SavedFile, 'step' | 'epoch' | 'role'> | undefined

/** The weights in some folders, found by their names. */
export async function findSavedFiles(
  listing: Listing,
  folders: readonly string[],
  read: NameReader,
): Promise<SavedFile[]> {
  const found: SavedFile[] = []
  for (const folder of folders) {
    for (const name of listing.names(folder)) {
      const hints = read(name)
      if (!hints) continue
      const path = folder === '' ? name : `${folder}/${name}`
      const seen = await statIfThere(join(listing.root, path))
      if (seen) found.push({ path, ...hints, ...seen })
    }
  }
  return found.sort(
    (a, b) => (a.step ?? Infinity) - (b.step ?? Infinity) || (a.path < b.path ? -1 : 1),
  )
}

/** Reads names with a step number, as most programs write them. */
export const readNumberedName: NameReader = (name) => {
  const step =
    /^(?:checkpoint|step|iter|model|ckpt)[-_=]?(?:step[-_=]?|iter[-_=]?)?0*(\d{1,15})(?:\.(?:pt|pth|ckpt|bin|safetensors|npz))?$/i.exec(
      name,
    )
  if (step) return { step: Number(step[1]), epoch: null, role: null }
  const role =
    /^(?:ckpt|(?:model|checkpoint)?[-_]?(best|last|latest|final)(?:[-_](?:model|checkpoint))?)\.(?:pt|pth|ckpt|safetensors)$/i.exec(
      name,
    )
  return role ? { step: null, epoch: null, role: role[1]?.toLowerCase() ?? 'latest' } : undefined
}

/** Reads a step that is missing in a name from the file, if it is a torch file. */
export async function readMissingSteps(
  root: string,
  saved: readonly SavedFile[],
): Promise<SavedFile[]> {
  return Promise.all(
    saved.map(async (one) => {
      if (one.step !== null || !/\.(ckpt|pt|pth)$/.test(one.path)) return one
      const found = await readTorchState(root, one.path)
      return { ...one, step: found?.step ?? null, epoch: one.epoch ?? found?.epoch ?? null }
    }),
  )
}

/** The files already sent: a stamp of step, time and size, and the attempt. */
export type StoredFiles = Record<string, [stamp: string, attempt: number]>

/** Events of new or changed weights, with the state of their files. Updates `stored`. */
export async function savedEvents(
  root: string,
  saved: readonly SavedFile[],
  stored: StoredFiles,
  progress: Progress,
  /** The last logged step; Infinity if the log is complete. */
  reached = Infinity,
): Promise<TrainingEvent[]> {
  const events: TrainingEvent[] = []
  for (const file of saved) {
    const { path, step, epoch, role, mtime, size } = file
    const stamp = `${step} ${mtime} ${size}`
    const attempt = file.attempt ?? findAttempt(progress, step)
    const before = ownValue(stored, path)
    const isStored = before?.[0] === stamp && (file.attempt === undefined || before[1] === attempt)
    // If the log has not reached this step, it may still log the value itself.
    if (step !== null && isAny(file.values) && step <= reached) {
      events.push(...valueEvents(stored, file, { attempt, step, epoch }))
    }
    if (!isStored) {
      setOwn(stored, path, [stamp, attempt])
      const seen = await inspectCheckpoint(root, path, null)
      const at = Math.round(mtime)
      events.push({ type: 'checkpoint', attempt, step, path, epoch, at, role, ...seen })
    }
    events.push(...noteEvents(stored, file, attempt, reached))
  }
  return events
}

/** The note about the step, sent once. The log must have reached it: later lines are evidence too. */
function noteEvents(
  stored: StoredFiles,
  { path, step, step_note }: SavedFile,
  attempt: number,
  reached: number,
): TrainingEvent[] {
  const key = `${path} note`
  if (step_note === undefined || (step ?? Infinity) > reached) return []
  if (ownValue(stored, key)?.[0] === step_note.text) return []
  setOwn(stored, key, [step_note.text, attempt])
  return [{ ...readerNote(attempt, step_note), path }]
}

async function statIfThere(path: string): Promise<{ mtime: number; size: number } | undefined> {
  try {
    const { mtimeMs, size } = await stat(path)
    return { mtime: mtimeMs, size }
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return undefined
  }
}

/** The metrics in a file, sent once. */
function valueEvents(
  stored: StoredFiles,
  { path, values = {} }: SavedFile,
  at: { attempt: number; step: number; epoch: number | null },
): TrainingEvent[] {
  const [key, stamp] = [`${path} values`, JSON.stringify([at.step, values])]
  if (ownValue(stored, key)?.[0] === stamp) return []
  setOwn(stored, key, [stamp, at.attempt])
  return measuredEvents(at, { metrics: {}, evaluation: values }, { file: path, line: null })
}

function isAny(values: SavedFile['values']): values is Record<string, number> {
  return values !== undefined && Object.keys(values).length > 0
}
