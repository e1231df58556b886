import { ownValue } from '@bestmark/core'
import { isDeepStrictEqual } from 'node:util'
import { rowsOfTraining } from './finalWeights.ts'
import type { LogEntry, TrainerState } from './trainerState.ts'

/** A state file and the path of its folder ('' for the root). */
export interface StateFile {
  folder: string
  /** The path of the file. */
  file: string
  state: TrainerState
}

/** One attempt's history, and its state files. */
export interface Branch {
  longest: StateFile
  members: StateFile[]
  /** The number of first entries that this history shares with the last attempt's. */
  shared: number
}

/**
 * Sorts state files into attempts. A file belongs to an attempt if its history is the start of the
 * attempt's history. The last attempt comes last: the one with the newest file, if file times are those
 * of the training; else the one of the root's file, or the one with the highest step.
 */
export function findBranches(files: readonly StateFile[]): Branch[] {
  const found = sortIntoBranches(files)
  const written = found.map(({ members }) => Math.max(...members.map(({ state }) => state.mtime)))
  const last = written.indexOf(Math.max(...written))
  if (last > 0 && found.every(isInOrder)) found.unshift(...found.splice(last, 1))
  return countShared(found)
}

/** Whether file times are in the order of steps. A copy may have other times. */
function isInOrder({ members }: Branch): boolean {
  const byStep = [...members].sort(rootThenHighestStep)
  return byStep.every(({ state }, index) => {
    return state.mtime <= (byStep[index - 1]?.state.mtime ?? Infinity)
  })
}

function sortIntoBranches(files: readonly StateFile[]): Branch[] {
  const found: Branch[] = []
  for (const file of [...files].sort(rootThenHighestStep)) {
    const home = found.find(({ longest }) => begins(file, longest))
    const shorter = home ? undefined : found.find(({ longest }) => begins(longest, file))
    if (shorter) shorter.longest = file
    const branch = home ?? shorter
    if (branch) branch.members.push(file)
    else found.push({ longest: file, members: [file], shared: 0 })
  }
  return found
}

/** Counts shared entries and reverses the order, so the last attempt comes last. */
function countShared(found: Branch[]): Branch[] {
  const [last, ...earlier] = found
  if (last) {
    for (const branch of earlier) branch.shared = sharedEntries(branch.longest, last.longest)
  }
  return found.reverse()
}

function rootThenHighestStep(a: StateFile, b: StateFile): number {
  if (a.folder === '' || b.folder === '') return a.folder === '' ? -1 : 1
  return b.state.global_step - a.state.global_step
}

/** Whether one history is the start of another. Rows after training are ignored: a resumed run lacks them. */
function begins(shorter: StateFile, longer: StateFile): boolean {
  return sharedEntries(shorter, longer) >= rowsOfTraining(shorter.state)
}

/** The number of first entries that two histories share. */
function sharedEntries(a: StateFile, b: StateFile): number {
  const others = b.state.log_history
  const differs = a.state.log_history.findIndex((entry, index) => !isSame(entry, others[index]))
  return differs === -1 ? a.state.log_history.length : differs
}

function isSame(a: LogEntry, b: LogEntry | undefined): boolean {
  if (a === b) return true
  if (!b) return false
  const keys = Object.keys(a)
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => isAlike(ownValue(a, key), ownValue(b, key)))
  )
}

function isAlike(a: unknown, b: unknown): boolean {
  return Object.is(a, b) || (typeof a === 'object' && isDeepStrictEqual(a, b))
}
