import { type TrainingEvent, readerNote, admitAll } from '@bestmark/core'
import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Failure } from '../../failure.ts'
import { readLoadsBest } from './finalWeights.ts'
import { findBranches, type StateFile } from './branches.ts'
import {
  type CheckpointFolder,
  findCheckpointFolders,
  isNumberedName,
  ROOT,
  STATE,
} from './checkpointFolders.ts'
import { readConfigurations } from '../config/configuration.ts'
import { readDeclaration } from '../config/declaration.ts'
import { placeNote } from '../weights/claimEvents.ts'
import { findNamedWeights } from '../weights/namedPath.ts'
import { Listing } from '../../files/listing.ts'
import { statIfSeen } from '../../files/runFile.ts'
import { readResults, findResultsFiles } from './resultsFiles.ts'
import { attemptEvents } from './stateEvents.ts'
import { ParsedLogs } from './parsedLogs.ts'
import { readTrainerState, type TrainerState, UnreadState } from './trainerState.ts'
import { otherLogText } from '../otherLog.ts'
import type { ReadRun } from '../reader/source.ts'
import { SETTLING_MS } from '../reader/wholeReader.ts'

/** Reads one state file. It has evaluations and no checkpoints. Throws a Failure. */
export async function readStateFile(path: string): Promise<ReadRun> {
  const states = [{ folder: '', file: basename(path), state: await readTrainerState(path) }]
  return { ...(await run(dirname(path), states, { folders: [], files: [] })), isSingleFile: true }
}

/**
 * Reads an output folder of the HuggingFace Trainer: the state in its root and those in its
 * `checkpoint-N` folders. Throws a Failure if there is no readable state.
 */
export async function readHuggingFace(path: string, isOver = true): Promise<ReadRun> {
  const logs = new ParsedLogs()
  const { root, unread } = await rootState(path, logs)
  const folders = await findCheckpointFolders(path, logs)
  if (unread && (await isNeeded(path, folders, isOver))) throw unread
  const states = folders.flatMap(({ name, state }) =>
    state && name !== ROOT ? [{ folder: name, file: join(name, STATE), state }] : [],
  )
  if (root) states.unshift({ folder: '', file: STATE, state: root })
  if (states.length === 0) throw new Failure(unreadable(path, folders))
  const files = await findResultsFiles(new Listing(path))
  const found = await run(path, states, { folders, files })
  const last = found.events.reduce((attempt, event) => Math.max(attempt, event.attempt), 0)
  if (!unread) return found
  const skipped = { code: 'state_skipped', text: `Skipped ${STATE}: it ${unread.why}.` } as const
  return { ...found, events: [...found.events, readerNote(last, skipped)] }
}

function unreadable(path: string, folders: readonly CheckpointFolder[]): string {
  const [first] = folders
  // Only a run with some states shows that a save without one was cut short.
  const hasState = folders.some(({ name }) => statIfSeen(join(path, name, STATE)))
  if (!hasState && folders.some(({ files }) => (files.bytes ?? 0) > 0)) {
    const none = `No ${STATE} found in ${path} or in its checkpoints, so no evaluation is known.`
    return `${none} ${otherLogText(path)}`
  }
  return first
    ? `Cannot read any ${STATE} in ${path}. ${first.name}: ${first.files.files_why ?? 'no state'}`
    : `No ${STATE} and no checkpoint-N folders found in ${path}`
}

/** A note if the best checkpoint that a state names is outside the run's folder. */
async function elsewhereNotes(
  root: string,
  events: readonly TrainingEvent[],
): Promise<TrainingEvent[]> {
  const claim = events.findLast((event) => event.type === 'claim')
  if (claim?.path == null) return []
  const named = { path: claim.path, file: claim.origin?.file ?? STATE }
  // Rotated checkpoints, and those of another machine, are usual.
  const found = await findNamedWeights(root, named)
  return found.place === 'elsewhere' ? placeNote(root, claim.attempt, named, found) : []
}

/** The state in the root, which has the longest log. */
async function rootState(
  path: string,
  logs: ParsedLogs,
): Promise<{ root?: TrainerState; unread?: UnreadState }> {
  if (!(await readdir(path)).includes(STATE)) return {}
  try {
    return { root: await readTrainerState(join(path, STATE), logs) }
  } catch (error) {
    if (!(error instanceof UnreadState)) throw error
    return { unread: error }
  }
}

/** Whether a root's unreadable state is not skipped: it is being written, or is the only one. */
async function isNeeded(
  path: string,
  folders: readonly CheckpointFolder[],
  isOver: boolean,
): Promise<boolean> {
  const isAlone = folders.every(({ state }) => state === null)
  return isAlone || (!isOver && (await isFresh(join(path, STATE))))
}

async function isFresh(file: string): Promise<boolean> {
  return Date.now() - (await stat(file)).mtimeMs < SETTLING_MS
}

async function run(
  root: string,
  states: StateFile[],
  { folders, files }: { folders: readonly CheckpointFolder[]; files: readonly string[] },
): Promise<ReadRun> {
  const attempts = findBranches(states)
  const home = isNumberedName(basename(root)) ? dirname(root) : root
  const configurations = await readConfigurations(home)
  const declaration = readDeclaration(configurations)
  const names = folders.map(({ name }) => name)
  const loads = await readLoadsBest(home, names, configurations)
  const results = files.length > 0 ? await readResults(root, files) : null
  const hasRoot = states.some(({ folder }) => folder === '')
  const events = attempts.flatMap((branch, attempt) => {
    const isLast = attempt === attempts.length - 1
    // Results are saved with the root's state, so an attempt without it has no results yet.
    const hasResults = !hasRoot || branch.members.some(({ folder }) => folder === '')
    const options = { attempt, folders, isLast, declaration, loads }
    return attemptEvents(branch, { ...options, results: hasResults ? results : null })
  })
  const [first] = states
  const parsed = admitAll(events, first?.file ?? STATE)
  parsed.push(...(await elsewhereNotes(root, parsed)))
  const identity = { job_id: null, name: basename(root), project: 'imported', isSingleFile: false }
  return { root, source: 'huggingface', ...identity, events: parsed }
}
