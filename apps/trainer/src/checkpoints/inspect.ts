import {
  type CheckpointKind,
  type FilesFault,
  type FilesState,
  ownValue,
  type ServingFiles,
} from '@bestmark/core'
import { readdir, realpath } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { absolutePath } from '@bestmark/db/root'
import { isRecord } from './records.ts'
import { systemCode } from '../failure.ts'
import { kindOf } from './kind.ts'
import {
  isInside,
  listCheckpointFiles,
  type CheckpointFiles,
  realCheckpointPath,
  signatureOf,
} from './checkpointFiles.ts'
import { servingFilesOf, totalOf } from './serving/servingFiles.ts'
import { missingShard } from './shards.ts'
import { statIfSeen } from '../files/runFile.ts'
import type { FilesProblem } from './weights/bytes.ts'
import { isWeightsAmong, checkWeights } from './weights/weights.ts'

export { isInside }

/** The result of checking a checkpoint's files. */
export interface InspectedFiles {
  files_state: FilesState
  files_why: string | null
  /** The code of `files_why`; null unless the files are broken. */
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
const RECORD: FilesProblem = {
  fault: 'run_record',
  why: 'it is a record of the run, not a checkpoint',
}
const ZERO_RANK = /zero_pp_rank_\d+_mp_rank_\d+(?=_model_states\.pt$)/
const MARKERS = /^checkpoint-is-incomplete\.txt$|\.incomplete$/

/** Codes about this one folder. Other codes, such as too many open files, say nothing about it. */
const OF_THE_FOLDER: Record<string, FilesProblem> = {
  EACCES: { fault: 'permission_denied', why: 'permission denied' },
  EPERM: { fault: 'permission_denied', why: 'permission denied' },
  ELOOP: { fault: 'link_loop', why: 'its links form a loop' },
  ENOTDIR: { fault: 'not_a_folder', why: 'a part of its path is a file' },
  ENAMETOOLONG: { fault: 'name_too_long', why: 'its name is too long' },
  ERR_INVALID_ARG_VALUE: { fault: 'name_invalid', why: 'its name is not a valid file name' },
}

/**
 * Checks a checkpoint, which is a folder or one file. Complete means: inside the run's root with
 * links resolved, no marker of an interrupted save, the state file that the program writes last (if
 * `stateFile` is given), every shard, and weights as long as their headers say. While a run trains
 * (`growing`), a checkpoint that is not known to be complete is `writing` as long as its files
 * change. Reads only headers. Throws if the check itself fails.
 */
export async function inspectCheckpoint(
  root: string,
  path: string,
  stateFile: string | null,
  { previous, growing }: Before = {},
): Promise<InspectedFiles> {
  const unknown = { kind: null, base: null, serving: null, digest: null } as const
  const nothing = { ...unknown, bytes: null, signature: null }
  const checked_at = Date.now()
  try {
    const home = await realpath(root)
    const real = await realCheckpointPath(absolutePath(root, path))
    if (!isInside(home, real)) {
      const why = `its path leads outside the run's folder, to ${real}`
      return { ...nothing, ...brokenBy({ fault: 'outside_root', why }), checked_at }
    }
    if (isRecord(basename(real)) && statIfSeen(real)?.isFile()) {
      return { ...nothing, ...brokenBy(RECORD), checked_at }
    }
    const listing = await listCheckpointFiles(home, real)
    const signature = signatureOf(listing.files)
    if (isInspected(previous, signature)) {
      const { kind, base, serving } = previous
      const bytes = totalOf(listing.files)
      return { ...nothing, ...COMPLETE, kind, base, serving, bytes, signature, checked_at }
    }
    const isMarked = stateFile !== null && (await endsSaves(real, stateFile))
    const findings = await checkFiles(listing, isMarked ? stateFile : null)
    const bytes = totalOf(listing.files)
    const kind = await kindOf(listing)
    const state = stateOf(listing, findings, growing && { ...growing, now: signature })
    const isComplete = state.files_state === 'complete'
    const serving = isComplete ? servingFilesOf(listing, kind, findings.trainingOnly) : null
    const { kind: kindName, base } = kind
    return { ...nothing, ...state, kind: kindName, base, serving, bytes, signature, checked_at }
  } catch (error) {
    const code = systemCode(error) ?? ''
    if (code === 'ENOENT') {
      return { ...nothing, ...MISSING, checked_at }
    }
    const problem = ownValue(OF_THE_FOLDER, code)
    if (problem === undefined) throw error
    return { ...nothing, ...brokenBy(problem), checked_at }
  }
}

type StateOfFiles = Pick<InspectedFiles, 'files_state' | 'files_why' | 'files_fault'>

const COMPLETE = { files_state: 'complete', files_why: null, files_fault: null } as const
/** Why files are missing that nothing else explains. */
export const FILES_GONE = 'nothing is at its path'
const MISSING = {
  files_state: 'missing',
  files_why: FILES_GONE,
  files_fault: null,
} as const
const WRITING = {
  files_state: 'writing',
  files_why: 'its files are still changing',
  files_fault: null,
} as const

function brokenBy({ fault, why }: FilesProblem): StateOfFiles {
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

/**
 * Whether a state file marks the end of a save. It does not if the run's root has one but none of
 * its checkpoints does, because then the program writes its own kind of checkpoints.
 */
async function endsSaves(path: string, stateFile: string): Promise<boolean> {
  const parent = dirname(path)
  const has = (folder: string): boolean => statIfSeen(join(folder, stateFile)) !== undefined
  if (has(path) || !has(parent)) return true
  const beside = (await readdir(parent)).filter((name) => /^checkpoint-\d+$/.test(name))
  return beside.some((name) => has(join(parent, name)))
}

interface Findings {
  problem: FilesProblem | null
  /** Whether the end of the save is certain. */
  ends: boolean
  /** Files among the weights that hold only the state of a training. */
  trainingOnly: ReadonlySet<string>
}

async function checkFiles(
  { isFile, files }: CheckpointFiles,
  stateFile: string | null,
): Promise<Findings> {
  const isMarked = !isFile && stateFile !== null
  const findings = (fault: FilesFault, why: string): Findings => {
    return { problem: { fault, why }, ends: isMarked, trainingOnly: new Set() }
  }
  const foreign = files.find(({ problem }) => problem !== null)
  if (foreign?.problem) {
    return findings(foreign.problem.fault, `${foreign.name} ${foreign.problem.why}`)
  }
  const names = new Set(files.map(({ name }) => basename(name)))
  if ([...names].some((name) => MARKERS.test(name))) {
    return findings('save_unfinished', 'its save was cut short')
  }
  if (isMarked && !names.has(stateFile)) {
    return findings('save_unfinished', `${stateFile} is missing: its save was cut short`)
  }
  const shard = await missingShard(files)
  if (shard !== null) return findings(shard.fault, shard.why)
  const weights = files.filter(({ name }) => isFile || isWeightsAmong(name, names))
  if (weights.length === 0) return findings('no_weights', 'it holds no weights')
  let ends = isFile
  const trainingOnly = new Set<string>()
  for (const { path, name, bytes } of weights) {
    const seen = await checkWeights(path, bytes)
    const fault = seen.problem?.fault
    const isEmpty = fault === 'empty_tensors' || fault === 'no_tensors'
    if (isEmpty && isPartitioned(name, files)) continue
    if (fault === 'no_tensors' && isBesidePieces(name, files)) continue
    if (fault === 'only_optimizer' && trainingOnly.size < weights.length - 1) trainingOnly.add(name)
    else if (seen.problem)
      return findings(seen.problem.fault, `${basename(name)} ${seen.problem.why}`)
    ends &&= seen.ends
  }
  return { problem: null, ends: ends || isMarked, trainingOnly }
}

/**
 * Whether empty tensors of a file are normal: each process of DeepSpeed ZeRO-3 keeps its part of the
 * weights in the file of its optimiser states.
 */
function isPartitioned(name: string, files: CheckpointFiles['files']): boolean {
  const rank = ZERO_RANK.exec(name)?.[0]
  if (rank === undefined) return false
  const states = `${rank}_optim_states.pt`
  return files.some((one) => dirname(one.name) === dirname(name) && one.name.endsWith(states))
}

/** Whether a file without tensors is beside the pieces of a distributed checkpoint: Megatron's `common.pt`. */
function isBesidePieces(name: string, files: CheckpointFiles['files']): boolean {
  return files.some((one) => one.name.endsWith('.distcp') && dirname(one.name) === dirname(name))
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
