import { ownValue } from '@bestmark/core'
import { isDeepStrictEqual } from 'node:util'
import { rowsOfTraining } from './finalWeights.ts'
import type { LogEntry, TrainerState } from './trainerState.ts'

/** A state file and the folder it stood in, relative to the run's root ('' for the root). */
export interface StateFile {
  folder: string
  /** Its path relative to the run's root. */
  file: string
  state: TrainerState
}

/** One attempt's history, and the state files that were written in it. */
export interface Branch {
  longest: StateFile
  members: StateFile[]
  /** How many of the first entries the last attempt's history has in common with this one. */
  shared: number
}

/**
 * Sorts state files into attempts: a file belongs to the attempt whose history its own begins.
 * The last attempt comes last. It is the one that wrote last, where the times of the files are those
 * of the training; else it is the root's (or what went on from it), or that of the highest step.
 */
export function findBranches(files: readonly StateFile[]): Branch[] {
  const found = sortIntoBranches(files)
  const written = found.map(({ members }) => Math.max(...members.map(({ state }) => state.mtime)))
  const last = written.indexOf(Math.max(...written))
  if (last > 0 && found.every(isInOrder)) found.unshift(...found.splice(last, 1))
  return countShared(found)
}

/** A copy's times are those of copying, in whatever order that was; a training saves step by step. */
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

/** The last attempt comes first here. */
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

/** What a run logs once its training is over is not in a history that goes on from its last save. */
function begins(shorter: StateFile, longer: StateFile): boolean {
  return sharedEntries(shorter, longer) >= rowsOfTraining(shorter.state)
}

/** How many entries two histories begin with alike. */
function sharedEntries(a: StateFile, b: StateFile): number {
  const others = b.state.log_history
  const differs = a.state.log_history.findIndex((entry, index) => !isSame(entry, others[index]))
  return differs === -1 ? a.state.log_history.length : differs
}

function isSame(a: LogEntry, b: LogEntry | undefined): boolean {
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
