import { relative } from 'node:path'
import { isUri, shellWord } from '@bestmark/core'
import { Failure } from '../failure.ts'
import { searchRuns } from './runSearch.ts'

/** At most this many runs are named. */
const NAMED = 3
/** After so many runs or folders the search ends, and its answer says that there may be more runs. */
const MOST = { runs: 20, folders: 10_000 }

/** The runs below a folder, in order of name. */
export interface RunsBelow {
  roots: string[]
  /** Whether the search ended before it saw all folders. */
  isPartial: boolean
  /** Folders that could not be read, with the reason. */
  skipped: string[]
}

/** A folder is no run itself; several runs, or perhaps several, are below it. */
export class NotOneRun extends Failure {
  readonly below: RunsBelow

  constructor(folder: string, below: RunsBelow) {
    super(`${folder} is not a run itself. ${runsBelowText(folder, below)}`)
    this.below = below
  }
}

/** Searches the runs below a folder that is not a run itself. */
export async function findRunsBelow(folder: string): Promise<RunsBelow> {
  const end = new AbortController()
  let folders = 0
  const onFolder = (): void => {
    if (++folders > MOST.folders) end.abort()
  }
  const skipped: string[] = []
  const onUnreadable = (inner: string, why: string): void =>
    void skipped.push(`Skipped ${inner}: ${why}`)
  const roots: string[] = []
  for await (const run of searchRuns(folder, { signal: end.signal, onFolder, onUnreadable })) {
    if (roots.length === MOST.runs) return { roots, isPartial: true, skipped }
    roots.push(run.folder)
  }
  return { roots, isPartial: end.signal.aborted, skipped }
}

/** Says which runs are below a folder, and what to do. */
function runsBelowText(folder: string, { roots, isPartial }: RunsBelow): string {
  const names = roots.map((root) => relative(folder, root))
  const more = names.length - NAMED
  const shown = names.slice(0, NAMED).join(', ')
  const others = more > 0 ? ` and ${isPartial ? 'at least ' : ''}${more} more` : ''
  const unsearched = isPartial && more <= 0 ? 'Not all folders were searched. ' : ''
  const [first = folder] = roots
  return [
    `Runs below it: ${shown}${others}. ${unsearched}`.trim(),
    `Give one of them, such as ${shellWord(first)}.`,
    // A run in a store is imported by its own URI.
    ...(isUri(folder) ? [] : [`To compare them: bestmark import ${shellWord(folder)}.`]),
  ].join(' ')
}
