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

/** The file in which the Python client lists each folder of a journal. */
const POINTERS = 'bestmark-folders.jsonl'
/** The number of folders above a written file that may be the run's root, from its folder upwards. */
const LEVELS = 3

/** File times may be this much older than the clock (ms). */
const OLDER = 50

/** A program that `bestmark run` started. */
export interface StartedProgram {
  pid: number
  /** The time just before its start (ms). */
  started_at: number
  argv: readonly string[]
  cwd: string
  /** The folder of its output. */
  root: string
  /** The board's data folder, which is never searched. */
  data_folder: string
}

/** A run that a program writes. */
export interface WrittenRun extends RunIdentity {
  /** The root under which it was found before, if that has only a part of its files. */
  instead_of?: string
}

/**
 * Finds the runs that a program writes: runs that appear or grow after its start below its working
 * directories or below folders in its arguments, and runs whose files its processes have open.
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

  /** The folder of its output, and the roots of the found runs. */
  get folders(): string[] {
    return [...this.#found]
  }

  /** Looks for new runs. */
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
      if (isWrittenByOthers(run.root, tree, this.#program.data_folder)) continue
      const before = await this.#sameRun(run.root)
      if (before?.isWhole) continue
      this.#found.add(run.root)
      found.push(before ? { ...run, instead_of: before.root } : run)
    }
    return found
  }

  /** The common folder of all weights that were written since the program's start outside of found runs. */
  async weights(): Promise<string | undefined> {
    let found = this.#weights
    for (const below of await this.#below()) {
      for (const { path, mtime } of await findWeights(below)) {
        const folder = dirname(join(below, path))
        if (mtime < this.#since || this.#isKnown(folder)) continue
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
   * The found run that reads a log of this root. `isWhole`: it reads all logs, and its root is not
   * below this root.
   */
  async #sameRun(root: string): Promise<{ root: string; isWhole: boolean } | undefined> {
    const logs = await existingLogsOf(root)
    for (const before of this.#found) {
      const others = await existingLogsOf(before)
      const shared = [...logs].filter((file) => others.has(file)).length
      if (shared > 0)
        return { root: before, isWhole: shared === logs.size && !isBelow(before, root) }
    }
    return undefined
  }

  /** The folders to search: the working directories, and the paths in the arguments. */
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

  /**
   * The lowest run above a file that reads it, or a higher run if the program also writes other
   * logs or weights of that run.
   */
  async #runAround(file: string): Promise<RunIdentity | undefined> {
    let run: RunIdentity | undefined
    let inner: string | undefined
    let folder = dirname(file)
    for (let level = 0; level < LEVELS && dirname(folder) !== folder; level++) {
      const isReader = (await logsOf(folder)).has(relative(folder, file))
      if (isReader && (inner === undefined || (await this.#hasMore(folder, inner)))) {
        if (this.#isCandidate(folder)) run = await identityOf(folder)
        inner = folder
      }
      folder = dirname(folder)
    }
    return run
  }

  /** Whether the program wrote logs or weights of a run outside of a folder below its root. */
  async #hasMore(root: string, inner: string): Promise<boolean> {
    const written = [...(await logsOf(root))].filter((file) => this.#isNew(join(root, file)))
    const weights = (await findWeights(root)).filter(({ mtime }) => mtime >= this.#since)
    const paths = [...written, ...weights.map(({ path }) => path)]
    return paths.some((path) => !isBelow(join(root, path), inner))
  }

  #isCandidate(root: string): boolean {
    const { data_folder } = this.#program
    const isOurs = root === data_folder || isBelow(root, data_folder)
    const isFound = this.#found.has(root) || root === this.#weights
    return !isOurs && !isFound && !this.#isOfAnother(root)
  }

  /** Whether another `bestmark run` records the folder, or a folder above it. */
  #isOfAnother(folder: string): boolean {
    if (this.#found.has(folder) || folder === this.#weights) return false
    const above = dirname(folder)
    return hasLiveProcess(folder) || (above !== folder && this.#isOfAnother(above))
  }

  /** Whether its log was written since the program started, and not by a program of another `bestmark run`. */
  async #isWritten(root: string): Promise<boolean> {
    const files = await logsOf(root)
    const isNew = (file: string): boolean => this.#isNew(join(root, file))
    // Another `bestmark run` keeps its program's output there.
    return !isNew(OUTPUT) && [...files].some(isNew)
  }

  #isNew(path: string): boolean {
    return (statIfSeen(path)?.mtimeMs ?? 0) >= this.#since
  }

  /** Files of the program have this time or a later one (ms). */
  get #since(): number {
    return this.#program.started_at - OLDER
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

/** The existing logs of a root as absolute paths, without the files of `bestmark run`. */
async function existingLogsOf(root: string): Promise<Set<string>> {
  const files = [...(await logsOf(root))].map((file) => join(root, file))
  return new Set(files.filter((file) => statIfSeen(file)))
}

/** The common folder of both. */
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

/** The run in a folder; undefined if the folder or its journal cannot be read. */
async function identityOf(folder: string): Promise<RunIdentity | undefined> {
  return identifyRun(folder).catch(() => undefined)
}
