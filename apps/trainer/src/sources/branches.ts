import type { LogEntry, TrainerState } from './trainerState.ts'

/** A state file and the folder it stood in, relative to the run's root ('' for the root). */
export interface StateFile {
  folder: string
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
 * The last attempt comes last; it is the root's, or else that of the highest step.
 */
export function branches(files: readonly StateFile[]): Branch[] {
  const found: Branch[] = []
  for (const file of [...files].sort(rootThenHighestStep)) {
    const home = found.find(({ longest }) => begins(file.state, longest.state))
    if (home) home.members.push(file)
    else found.push({ longest: file, members: [file], shared: 0 })
  }
  const [last] = found
  for (const branch of found) {
    if (last && branch !== last) branch.shared = sharedEntries(branch.longest, last.longest)
  }
  return found.reverse()
}

function rootThenHighestStep(a: StateFile, b: StateFile): number {
  if (a.folder === '' || b.folder === '') return a.folder === '' ? -1 : 1
  return b.state.global_step - a.state.global_step
}

function begins(shorter: TrainerState, longer: TrainerState): boolean {
  const { length } = shorter.log_history
  return shared(shorter.log_history, longer.log_history) === length
}

function sharedEntries(a: StateFile, b: StateFile): number {
  return shared(a.state.log_history, b.state.log_history)
}

function shared(a: readonly LogEntry[], b: readonly LogEntry[]): number {
  let index = 0
  for (; index < a.length; index++) {
    const [one, other] = [a[index], b[index]]
    if (!one || !other || !isSame(one, other)) break
  }
  return index
}

function isSame(a: LogEntry, b: LogEntry): boolean {
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => Object.is(a[key], b[key]))
}
