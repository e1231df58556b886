import type { Dirent } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isWeights } from '../checkpoints/weights/weights.ts'
import { errorText } from '../failure.ts'
import { statIfSeen } from '../files/runFile.ts'
import { findFurtherRoots } from './sharedFolders.ts'
import { isPartName } from './partNames.ts'
import { isPartOfRun } from './runParts.ts'
import { isMarkedRun } from './weights/finder.ts'
import { identifyRun, findLogFolders, type RunIdentity } from './identity.ts'

/** A folder without any of these names holds no run, so most folders are not opened. */
const RUN_FILES =
  /^(journal\.jsonl|trainer_state\.json|trainer_log\.jsonl|(all|train|eval|predict|test)_results\.json|dvclive|checkpoint-\d+|last-checkpoint|checkpoints|model-(best|last)|train|validation|runs|logs?|tensorboard|meta\.yaml|modules\.json|evaluations\.npz|bestmark-(logs|checkpoints))$|tfevents|\.(csv|tsv|log|txt|out|jsonl?)(\.gz)?$|\.(pt|pth|ckpt|keras|h5|safetensors|wandb|trainstats)$/
/** Folders without runs, or with copies that a tracker makes of other runs. */
const SKIPPED_FOLDERS = new Set([
  '.git',
  'node_modules',
  '__pycache__',
  '.venv',
  'wandb',
  'bestmark-logs',
])
/** Folders inside a run that are part of it. */
const RUN_PARTS =
  /^(checkpoint-\d+|checkpoints|weights|runs|train|validation|eval|val|test|dvclive|plots|artifacts)$/

/** A file in each checkpoint of orbax, whose folder is called after its step. */
const ORBAX = '_CHECKPOINT_METADATA'

/** Names that data sets have too. */
const DATA = /\.(bin|npz|h5|hdf5|pb|msgpack)$/

/** What a command that searches again says of a folder that it could not read. */
export function unreadFolderText(folder: string, why: string): string {
  return `Cannot read ${folder} now: ${why}`
}

/** How folders are searched. */
export interface SearchOptions {
  signal: AbortSignal
  /** Called for each folder that cannot be read. */
  onUnreadable: (folder: string, why: string) => void
  /** Called for each folder that is searched. */
  onFolder?: () => void
  /** Called for each folder that holds weights, and is neither a run nor below one. */
  onWeights?: (folder: string) => void
}

/** A run and the folder where it was found, with links not resolved. */
export interface FoundRun extends RunIdentity {
  folder: string
}

/**
 * Every run at or below a path, in order of name. Skips a folder that a link reaches a second time,
 * and the parts of a run. O(folders); only their names are kept in memory.
 */
export async function* searchRuns(
  folder: string,
  walk: SearchOptions,
  seen = new Set<string>(),
  above?: RunIdentity,
): AsyncGenerator<FoundRun> {
  if (walk.signal.aborted) return
  walk.onFolder?.()
  const entries = await readEntries(folder, walk, seen)
  const isCandidate =
    entries.some(({ name }) => RUN_FILES.test(name)) ||
    // Only logs and weights together make a run of what is below; many folders have one such name.
    entries.filter(({ name }) => isPartName(name)).length > 1
  const found =
    isCandidate || holdsOrbax(folder, entries) ? await identifyOrReport(folder, walk) : undefined
  const isPart = above && found?.job_id === null && (await isPartOfRun(above.root, found.root))
  const run = isPart ? undefined : found
  if (run && !seen.has(`run ${run.root}`)) {
    seen.add(`run ${run.root}`)
    // The root may be another folder, if the weights are beside the logs.
    yield { ...run, folder: (await realpath(folder)) === run.root ? folder : run.root }
    for (const root of await findFurtherRoots(run.root)) {
      const further = await identifyOrReport(root, walk)
      if (further) yield { ...further, folder: root }
    }
  }
  const around = run ?? above
  const isOrbax = entries.some(({ name }) => name === ORBAX)
  if (!around && (isOrbax || entries.some(({ name }) => isWeightsName(name))))
    walk.onWeights?.(folder)
  if (isOrbax) return
  const parts = run ? await findLogFolders(run.root) : new Set<string>()
  for (const entry of entries) {
    const { name } = entry
    const inner = join(folder, name)
    const isRead = (run !== undefined && RUN_PARTS.test(name)) || parts.has(name)
    if (SKIPPED_FOLDERS.has(name) || (isRead && !(await isMarked(inner)))) continue
    if (await isFolder(entry, inner)) yield* searchRuns(inner, walk, seen, around)
  }
}

/** Whether a part of a run is a run of its own. */
async function isMarked(folder: string): Promise<boolean> {
  return isMarkedRun(folder, await readdir(folder).catch(() => []))
}

/** Whether the first folder that is called after a step is a checkpoint of orbax. */
function holdsOrbax(folder: string, entries: readonly Dirent[]): boolean {
  const first = entries.find((entry) => entry.isDirectory() && /(^|_)\d+$/.test(entry.name))
  return first !== undefined && statIfSeen(join(folder, first.name, ORBAX)) !== undefined
}

/** Whether a file is called like weights, and not like data. */
function isWeightsName(name: string): boolean {
  return isWeights(name) && (!DATA.test(name) || /^(pytorch|adapter)_model\b.*\.bin$/.test(name))
}

async function identifyOrReport(
  folder: string,
  { onUnreadable }: SearchOptions,
): Promise<RunIdentity | undefined> {
  try {
    return await identifyRun(folder)
  } catch (error) {
    onUnreadable(folder, errorText(error))
    return undefined
  }
}

async function readEntries(
  folder: string,
  { onUnreadable }: SearchOptions,
  seen: Set<string>,
): Promise<Dirent[]> {
  try {
    const real = await realpath(folder)
    if (seen.has(real)) return []
    seen.add(real)
    const entries = await readdir(folder, { withFileTypes: true })
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  } catch (error) {
    onUnreadable(folder, errorText(error))
    return []
  }
}

/** A link counts as its target. A broken link is not a folder. */
async function isFolder(entry: Dirent, path: string): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isDirectory()
  const found = await stat(path).catch(() => undefined)
  return found?.isDirectory() ?? false
}
