import type { CheckpointKind, FilesFault, FilesState, ServingFiles } from '@bestmark/core'
import { type CheckpointFiles, signatureOf } from './checkpointFiles.ts'
import { checkFiles, type Findings } from './findings.ts'
import { kindOf } from './kind.ts'
import { servingFilesOf, totalOf } from './serving/servingFiles.ts'
import type { FilesProblem } from './weights/bytes.ts'

/** The result of checking a checkpoint's files. */
export interface InspectedFiles {
  files_state: FilesState
  files_why: string | null
  /** The code of `files_why`; null unless the files are broken or unchecked. */
  files_fault: FilesFault | null
  /** Bytes of all files. */
  bytes: number | null
  kind: CheckpointKind | null
  base: string | null
  /** What serving needs of it; null unless it is complete. */
  serving: ServingFiles | null
  /** A hash of names, sizes and times of the files; null if there are none. */
  signature: string | null
  /** Always null, because a check never reads whole files. */
  digest: null
  /** When it was checked (ms since the epoch). */
  checked_at: number
}

/** Earlier facts about files that a program may still be writing. */
export interface Growing {
  /** The signature at the last check; null before the first check. */
  signature: string | null
  /** The program logged the checkpoint as complete. */
  isLogged: boolean
}

/** Facts from before a check. */
export interface Before {
  /** The result of the last check; complete files with the same signature need no new check. */
  previous?: Pick<InspectedFiles, 'files_state' | 'kind' | 'base' | 'signature' | 'serving'>
  /** Set if the run trains. */
  growing?: Growing
}

/** While a run trains, files count as unfinished for this time after a change (ms). */
const SETTLING = 5_000

/** A record of the run is no checkpoint, whatever a journal says. */
export const RECORD: FilesProblem = {
  fault: 'run_record',
  why: 'it is a record of the run, not a checkpoint',
}

/** What is known if no file was read. */
export function nothingIn(state: StateOfFiles): InspectedFiles {
  return { ...NOTHING, ...state, checked_at: Date.now() }
}

const NOTHING = {
  ...{ kind: null, base: null, serving: null, digest: null },
  ...{ bytes: null, signature: null },
} as const

/**
 * Checks listed files, unless they are those of the last check. `stateFile` is what the program writes
 * last into them; null if nothing marks the end.
 */
export async function inspectListing(
  listing: CheckpointFiles,
  stateFile: () => Promise<string | null>,
  { previous, growing }: Before,
): Promise<InspectedFiles> {
  const checked_at = Date.now()
  const signature = signatureOf(listing.files)
  const bytes = totalOf(listing.files)
  if (isInspected(previous, signature)) {
    const { kind, base, serving } = previous
    return { ...NOTHING, ...COMPLETE, kind, base, serving, bytes, signature, checked_at }
  }
  const findings = await checkFiles(listing, await stateFile())
  const kind = await kindOf(listing)
  const state = stateOf(listing, findings, growing && { ...growing, now: signature })
  const isComplete = state.files_state === 'complete'
  const serving = isComplete ? servingFilesOf(listing, kind, findings.trainingOnly) : null
  const { kind: kindName, base } = kind
  return { ...NOTHING, ...state, kind: kindName, base, serving, bytes, signature, checked_at }
}

/** The state of files, and why. */
export type StateOfFiles = Pick<InspectedFiles, 'files_state' | 'files_why' | 'files_fault'>

const COMPLETE = { files_state: 'complete', files_why: null, files_fault: null } as const
/** Why files are missing that nothing else explains. */
export const FILES_GONE = 'nothing is at its path'
/** Nothing is there. */
export const MISSING = {
  files_state: 'missing',
  files_why: FILES_GONE,
  files_fault: null,
} as const
const WRITING = {
  files_state: 'writing',
  files_why: 'its files are still changing',
  files_fault: null,
} as const

/** The state of files with a problem. */
export function brokenBy({ fault, why }: FilesProblem): StateOfFiles {
  return { files_state: 'broken', files_why: why, files_fault: fault }
}

type Previous = NonNullable<Before['previous']>

/** Whether unchanged files need no new check. Older versions did not ask what serving needs. */
function isInspected(previous: Previous | undefined, signature: string): previous is Previous {
  return (
    previous?.files_state === 'complete' &&
    previous.signature === signature &&
    previous.serving !== null
  )
}

/** The state of the checked files, which may still be written. */
function stateOf(
  { files }: CheckpointFiles,
  { problem, ends }: Findings,
  growing: (Growing & { now: string }) | undefined,
): StateOfFiles {
  const isCertain = problem === null && (ends || growing?.isLogged === true)
  if (growing && !isCertain) {
    const moved = growing.signature !== null && growing.signature !== growing.now
    const newest = files.reduce((latest, { changed_at }) => Math.max(latest, changed_at), 0)
    if (moved || Math.abs(Date.now() - newest) < SETTLING) return WRITING
  }
  return problem === null ? COMPLETE : brokenBy(problem)
}
