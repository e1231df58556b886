import type { Dirent } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { errorText } from '../failure.ts'
import { identifyRun, findLogFolders, type RunIdentity } from './identity.ts'

/** Files without one of these names tell of no run, so that most folders need no second look. */
const RUN_FILES =
  /^(journal\.jsonl|trainer_state\.json|trainer_log\.jsonl|(all|train|eval|predict|test)_results\.json|dvclive|checkpoint-\d+|last-checkpoint|checkpoints|model-(best|last)|train|validation|runs|logs?|tensorboard|meta\.yaml|evaluations\.npz|bestmark-(logs|checkpoints))$|tfevents|\.(csv|tsv|log|txt|out|jsonl?|pt|pth|ckpt|keras|h5|safetensors|wandb)$/
/** Folders that hold no runs and much else, or what a tracker copies of runs that lie elsewhere. */
const SKIPPED_FOLDERS = new Set([
  '.git',
  'node_modules',
  '__pycache__',
  '.venv',
  'wandb',
  'bestmark-logs',
])
/** Folders of a run that hold its parts. */
const RUN_PARTS =
  /^(checkpoint-\d+|checkpoints|weights|runs|train|validation|eval|val|test|dvclive|plots|artifacts)$/

/** What a walk through trees keeps in mind. */
export interface SearchOptions {
  signal: AbortSignal
  /** Folders that cannot be read. */
  onUnreadable: (folder: string, why: string) => void
}

/** A run, and the folder that it was found in as it was reached: links in it are not resolved. */
export interface FoundRun extends RunIdentity {
  folder: string
}

/**
 * Every run at or below a path, in order of name. A folder that is reached again by a link is passed
 * by, as are the parts of a run that was found. O(folders), and flat in memory but for their names.
 */
export async function* searchRuns(
  folder: string,
  walk: SearchOptions,
  seen = new Set<string>(),
): AsyncGenerator<FoundRun> {
  if (walk.signal.aborted) return
  const entries = await readEntries(folder, walk, seen)
  const run = entries.some(({ name }) => RUN_FILES.test(name))
    ? await identifyOrReport(folder, walk)
    : undefined
  if (run && !seen.has(`run ${run.root}`)) {
    seen.add(`run ${run.root}`)
    // Weights that lie beside their logs are a run of another folder.
    yield { ...run, folder: run.root.endsWith(basename(folder)) ? folder : run.root }
  }
  const parts = run ? await findLogFolders(run.root) : new Set<string>()
  for (const entry of entries) {
    const { name } = entry
    if (SKIPPED_FOLDERS.has(name) || (run && RUN_PARTS.test(name)) || parts.has(name)) continue
    const inner = join(folder, name)
    if (await isFolder(entry, inner)) yield* searchRuns(inner, walk, seen)
  }
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

/** Links count as what they lead to; one that leads nowhere is no folder. */
async function isFolder(entry: Dirent, path: string): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isDirectory()
  const found = await stat(path).catch(() => undefined)
  return found?.isDirectory() ?? false
}
