import { realpath, stat } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { systemCode } from '../../failure.ts'
import { Listing } from '../../files/listing.ts'
import { jsonObject } from '../../files/json.ts'
import { statIfSeen, textOfFile } from '../../files/runFile.ts'
import { JOURNAL } from '../../journal/header.ts'
import { hasLiveProcess } from '../../processes/mark.ts'
import { isWrittenByOthers, processPaths, processTree } from '../../processes/tree.ts'
import { searchRuns } from '../../sources/runSearch.ts'
import { identifyRun, type RunIdentity } from '../../sources/identity.ts'
import { OUTPUT } from '../../sources/output/textLog.ts'
import { findWeights } from '../../sources/weights/finder.ts'
import { RUN_LOG } from '../../sources/reader/mixedReader.ts'
import { findSources } from '../../sources/sources.ts'

/** Where our Python client notes each folder to which it writes a journal. */
const POINTERS = 'bestmark-folders.jsonl'
/** So many folders above a file that is written may be the run's (its own one included). */
const LEVELS = 3

/** File systems keep times a little older than the clock (ms). */
const OLDER = 50

/** A program that `bestmark run` started. */
export interface StartedProgram {
  pid: number
  /** Just before it was started (ms). */
  started_at: number
  argv: readonly string[]
  cwd: string
  /** Where its output is kept. */
  root: string
  /** Folders that are never its own, such as the board's. */
  excluded: readonly string[]
}

/** A run that a program writes. */
export interface WrittenRun extends RunIdentity {
  /** The root under which it was found before, where that holds a part of its files alone. */
  instead_of?: string
}

/**
 * Finds the runs that a program writes: those below its working directories, and below folders that
 * its arguments name, that appear or grow after it started; and those to which its processes have
 * files open.
 */
export class WrittenRuns {
  readonly #program: StartedProgram
  readonly #found = new Set<string>()
  readonly #folders = new Set<string>()
  #weights: string | undefined

  constructor(program: StartedProgram) {
    this.#program = program
    this.#found.add(program.root)
  }

  /** The folder of its output, and those of the runs that were found. */
  get folders(): string[] {
    return [...this.#found]
  }

  /** Runs that were not found before. */
  async look(signal: AbortSignal): Promise<WrittenRun[]> {
    const tree = processTree(this.#program.pid)
    const { folders, files } = processPaths(tree)
    const runs = new Map<string, RunIdentity>()
    const add = (run: RunIdentity | undefined): void => {
      if (run) runs.set(run.root, run)
    }
    for (const folder of await this.#pointed()) add(await identityOf(folder))
    for (const file of files) add(await this.#runAround(file))
    for (const folder of folders) this.#folders.add(folder)
    for (const folder of await this.#below()) {
      for await (const run of searchRuns(folder, { signal, onUnreadable: () => undefined }))
        add(run)
    }
    const found: WrittenRun[] = []
    for (const run of runs.values()) {
      if (!this.#isCandidate(run.root) || !(await this.#isWritten(run.root))) continue
      if (isWrittenByOthers(run.root, tree)) continue
      const before = await this.#sameRun(run.root)
      if (before?.isWhole) continue
      this.#found.add(run.root)
      found.push(before ? { ...run, instead_of: before.root } : run)
    }
    return found
  }

  /**
   * The folder in which weights lie that were written since the program started, outside of the runs
   * that were found: the one that holds them all.
   */
  async weights(): Promise<string | undefined> {
    let found = this.#weights
    for (const below of await this.#below()) {
      for (const { path, mtime } of await findWeights(below)) {
        const folder = dirname(join(below, path))
        if (mtime < this.#program.started_at - OLDER || this.#isKnown(folder)) continue
        if (this.#isCandidate(folder)) found = commonFolder(found, folder)
      }
    }
    return (this.#weights = found)
  }

  #isKnown(folder: string): boolean {
    const roots = [...this.#found, ...(this.#weights === undefined ? [] : [this.#weights])]
    return roots.some((root) => folder === root || isBelow(folder, root))
  }

  /**
   * The run, found before, that reads a log of this root. It is `isWhole` where it reads all of them,
   * unless its folder lies below this root, which holds weights as well.
   */
  async #sameRun(root: string): Promise<{ root: string; isWhole: boolean } | undefined> {
    const own = await placesOfLogs(root)
    for (const before of this.#found) {
      const others = await placesOfLogs(before)
      const shared = [...own].filter((file) => others.has(file)).length
      if (shared > 0)
        return { root: before, isWhole: shared === own.size && !isBelow(before, root) }
    }
    return undefined
  }

  /** The folders that are searched: where it works, and what its arguments name. */
  async #below(): Promise<string[]> {
    const { argv, cwd } = this.#program
    const named = argv.map((word) => resolve(cwd, word.replace(/^--?[\w-]+=/, '')))
    const folders = await Promise.all([cwd, ...this.#folders, ...named].map(folderAt))
    const found = [...new Set(folders.filter((folder) => folder !== undefined))]
    return found.filter((one) => !found.some((other) => one !== other && isBelow(one, other)))
  }

  async #pointed(): Promise<string[]> {
    const text = await textOfFile(join(this.#program.root, POINTERS)).catch(() => '')
    return text.split('\n').flatMap((line) => {
      const folder = jsonObject(line)?.['folder']
      return typeof folder === 'string' ? [folder] : []
    })
  }

  /** The topmost run around a file that reads it, since events lie below the folder of their run. */
  async #runAround(file: string): Promise<RunIdentity | undefined> {
    let run: RunIdentity | undefined
    let folder = dirname(file)
    for (let level = 0; level < LEVELS && dirname(folder) !== folder; level++) {
      const found = this.#isCandidate(folder) ? await identityOf(folder) : undefined
      if (found && (await logsOf(folder)).has(relative(folder, file))) run = found
      folder = dirname(folder)
    }
    return run
  }

  #isCandidate(root: string): boolean {
    const { excluded } = this.#program
    const isOurs = excluded.some((folder) => root === folder || isBelow(root, folder))
    const isKnown = this.#found.has(root) || root === this.#weights
    return !isOurs && !isKnown && !this.#isOfAnother(root)
  }

  /** Whether another `bestmark run` records the folder, or one above it. */
  #isOfAnother(folder: string): boolean {
    if (this.#found.has(folder) || folder === this.#weights) return false
    const above = dirname(folder)
    return hasLiveProcess(folder) || (above !== folder && this.#isOfAnother(above))
  }

  /** Whether its log was written since the program started, and not by a program of another `bestmark run`. */
  async #isWritten(root: string): Promise<boolean> {
    const files = await logsOf(root)
    const since = this.#program.started_at - OLDER
    const isNew = (file: string): boolean => (statIfSeen(join(root, file))?.mtimeMs ?? 0) >= since
    // Another `bestmark run` keeps its program's output there.
    return !isNew(OUTPUT) && [...files].some(isNew)
  }
}

/** The files, relative to a folder, from which its run would be read; those may not be there. */
async function logsOf(root: string): Promise<Set<string>> {
  const listing = new Listing(root)
  const files = new Set([JOURNAL])
  for (const source of await findSources(root)) {
    if (source.name !== RUN_LOG) for (const file of await source.files(listing)) files.add(file)
  }
  return files
}

/** The same as absolute paths of those that are there, without what `bestmark run` put there. */
async function placesOfLogs(root: string): Promise<Set<string>> {
  const files = [...(await logsOf(root))].map((file) => join(root, file))
  return new Set(files.filter((file) => statIfSeen(file)))
}

/** The folder that holds both. */
function commonFolder(one: string | undefined, other: string): string {
  let folder = one ?? other
  while (folder !== other && !isBelow(other, folder)) folder = dirname(folder)
  return folder
}

function isBelow(path: string, folder: string): boolean {
  return path.startsWith(folder.endsWith('/') ? folder : `${folder}/`)
}

async function folderAt(path: string): Promise<string | undefined> {
  try {
    const real = await realpath(path)
    return (await stat(real)).isDirectory() && real !== '/' ? real : undefined
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return undefined
  }
}

/** A folder that cannot be read, or whose journal is none, holds no run yet. */
async function identityOf(folder: string): Promise<RunIdentity | undefined> {
  return identifyRun(folder).catch(() => undefined)
}
