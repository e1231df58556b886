import { type CheckpointKind, type FilesState, ownValue } from '@bestmark/core'
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
import { missingShard } from './shards.ts'
import { statIfSeen } from '../files/runFile.ts'
import { isWeightsAmong, checkWeights } from './weights/weights.ts'

export { isInside }

/** What a look at a checkpoint's files found. */
export interface InspectedFiles {
  files_state: FilesState
  files_why: string | null
  /** Bytes of all files. */
  bytes: number | null
  kind: CheckpointKind | null
  base: string | null
  /** Stands for sizes and times of the files; null where there are none. */
  signature: string | null
  /** Of the whole files; a look never reads them. */
  digest: null
  /** When it was looked at, in milliseconds since the epoch. */
  checked_at: number
}

/** What is known from before of files that a program may be writing still. */
export interface Growing {
  /** The signature that was seen before; null where nobody looked. */
  signature: string | null
  /** The program itself told that the checkpoint is whole. */
  isLogged: boolean
}

/** What is known before a look. */
export interface Before {
  /** What an earlier look found; whole files with the same signature need no second one. */
  known?: Pick<InspectedFiles, 'files_state' | 'files_why' | 'kind' | 'base'> & {
    signature: string | null
  }
  /** Where the run trains. */
  growing?: Growing
}

/** Files of a run that trains are left in peace for so long after they changed (ms). */
const SETTLING = 5_000
const NO_CHECKPOINT = 'it is a record of the run, not a checkpoint'
const MARKERS = /^checkpoint-is-incomplete\.txt$|\.incomplete$/

/** Codes that tell of this one folder; any other, such as too many open files, tells of nothing. */
const OF_THE_FOLDER: Record<string, string> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ELOOP: 'its links form a loop',
  ENOTDIR: 'a part of its path is a file',
  ENAMETOOLONG: 'its name is too long',
  ERR_INVALID_ARG_VALUE: 'its name is not a valid file name',
}

/**
 * Looks at a checkpoint of a run, a folder or one file: complete means inside the run's root with
 * links resolved, no marker of an interrupted save, the state file that the program writes last
 * (where `stateFile` names one), every shard, and weights that are as long as their headers say.
 * Of a run that trains (`growing`) what is not whole, or not known to be, is `writing` while its
 * files move. Reads headers only. Throws where looking itself fails.
 */
export async function inspectCheckpoint(
  root: string,
  path: string,
  stateFile: string | null,
  { known, growing }: Before = {},
): Promise<InspectedFiles> {
  const nothing = { bytes: null, kind: null, base: null, signature: null, digest: null } as const
  const checked_at = Date.now()
  try {
    const home = await realpath(root)
    const place = await realCheckpointPath(absolutePath(root, path))
    if (!isInside(home, place)) {
      const files_why = `its path leads outside the run's folder, to ${place}`
      return { ...nothing, files_state: 'broken', files_why, checked_at }
    }
    if (isRecord(basename(place)) && statIfSeen(place)?.isFile()) {
      return { ...nothing, files_state: 'broken', files_why: NO_CHECKPOINT, checked_at }
    }
    const listing = await listCheckpointFiles(home, place)
    const signature = signatureOf(listing.files)
    if (known?.files_state === 'complete' && known.signature === signature) {
      const { files_state, files_why, kind, base } = known
      const bytes = bytesOf(listing)
      return { ...nothing, files_state, files_why, kind, base, bytes, signature, checked_at }
    }
    const isMarked = stateFile !== null && (await endsSaves(place, stateFile))
    const judged = await judge(listing, isMarked ? stateFile : null)
    const bytes = bytesOf(listing)
    const kind = await kindOf(listing)
    const seen = { ...nothing, ...kind, bytes, signature, checked_at }
    return { ...seen, ...stateOf(listing, judged, growing && { ...growing, now: signature }) }
  } catch (error) {
    const code = systemCode(error) ?? ''
    if (code === 'ENOENT') {
      return { ...nothing, files_state: 'missing', files_why: 'its files are gone', checked_at }
    }
    const files_why = ownValue(OF_THE_FOLDER, code)
    if (files_why === undefined) throw error
    return { ...nothing, files_state: 'broken', files_why, checked_at }
  }
}

function bytesOf({ files }: CheckpointFiles): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0)
}

/**
 * Whether a state file marks the end of a save: not where the run itself left one and none of its
 * checkpoints has any, as programs do that write their own checkpoints.
 */
async function endsSaves(place: string, stateFile: string): Promise<boolean> {
  const parent = dirname(place)
  const has = (folder: string): boolean => statIfSeen(join(folder, stateFile)) !== undefined
  if (has(place) || !has(parent)) return true
  const beside = (await readdir(parent)).filter((name) => /^checkpoint-\d+$/.test(name))
  return beside.some((name) => has(join(parent, name)))
}

/** Why files cannot be used, and whether something marks their end. */
interface Judged {
  why: string | null
  ends: boolean
}

async function judge(
  { isFile, files }: CheckpointFiles,
  stateFile: string | null,
): Promise<Judged> {
  const isMarked = !isFile && stateFile !== null
  const judged = (why: string | null): Judged => ({ why, ends: isMarked })
  const foreign = files.find(({ why }) => why !== null)
  if (foreign) return judged(`${foreign.name} ${foreign.why}`)
  const names = new Set(files.map(({ name }) => basename(name)))
  if ([...names].some((name) => MARKERS.test(name))) return judged('its save was cut short')
  if (isMarked && !names.has(stateFile)) {
    return judged(`${stateFile} is missing: its save was cut short`)
  }
  const shard = await missingShard(files)
  if (shard !== null) return judged(shard)
  const weights = files.filter(({ name }) => isFile || isWeightsAmong(name, names))
  if (weights.length === 0) return judged('it holds no weights')
  let ends = isFile
  for (const { path, name, bytes } of weights) {
    const seen = await checkWeights(path, bytes)
    if (seen.why !== null) return judged(`${basename(name)} ${seen.why}`)
    ends &&= seen.ends
  }
  return { why: null, ends: ends || isMarked }
}

/** The state of files that were judged, some of which may be in the making. */
function stateOf(
  { files }: CheckpointFiles,
  { why, ends }: Judged,
  growing: (Growing & { now: string }) | undefined,
): Pick<InspectedFiles, 'files_state' | 'files_why'> {
  const isKnown = why === null && (ends || growing?.isLogged === true)
  if (growing && !isKnown) {
    const moved = growing.signature !== null && growing.signature !== growing.now
    const newest = files.reduce((latest, { changed_at }) => Math.max(latest, changed_at), 0)
    if (moved || Math.abs(Date.now() - newest) < SETTLING) {
      return { files_state: 'writing', files_why: 'its files are still changing' }
    }
  }
  return { files_state: why === null ? 'complete' : 'broken', files_why: why }
}
