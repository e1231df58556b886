import { realpath, stat } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { systemCode } from '../../failure.ts'
import { isAtOrBelow, isBelow } from '../../files/below.ts'
import { jsonObject } from '../../files/json.ts'
import { textOfFile } from '../../files/runFile.ts'
import { hasLiveProcess } from '../../processes/mark.ts'
import { commandsOf, isWrittenByOthers, processPaths, processTree } from '../../processes/tree.ts'
import { searchRuns } from '../../sources/runSearch.ts'
import type { RunIdentity } from '../../sources/identity.ts'
import { OUTPUT } from '../../sources/output/runOutput.ts'
import { findWeights } from '../../sources/weights/finder.ts'
import { isAboveOthers, ownerOf } from './folderOwner.ts'
import type { Claim, ProgramClaim } from './programClaim.ts'
import { existingLogsOf, identityOf, logsOf, timeOf } from './rootLogs.ts'
import { MentionedFolders } from './mentionedFolders.ts'
import { isSeveralRuns } from './severalRuns.ts'

/** The file in which the Python client lists each folder of a journal. */
const POINTERS = 'bestmark-folders.jsonl'
/** The number of folders above a written file that may be the run's root, from its folder upwards. */
const LEVELS = 3

/** File times may be this much older than the clock (ms). */
const OLDER = 50

/** A program that `bestmark run` started. */
export interface StartedProgram {
  pid: number
  argv: readonly string[]
  /** The time just before its start (ms). */
  started_at: number
  cwd: string
  /** The folder of its output. */
  root: string
  /** What it claims, so that it takes no files of other programs. */
  claim: ProgramClaim
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
 * directories or below folders that its arguments, scripts or output name, and runs whose files its
 * processes have open.
 */
export class WrittenRuns {
  readonly #program: StartedProgram
  readonly #found = new Set<string>()
  readonly #folders = new Set<string>()
  /** Folders with new files that may be those of another program. */
  readonly #doubtful = new Set<string>()
  #weights: string | undefined
  readonly #mentioned: MentionedFolders
  /** The programs that ran at the same time, and the files that this one has open, at the last look. */
  #others: Claim[] = []
  #open = new Set<string>()

  constructor(program: StartedProgram) {
    this.#program = program
    this.#found.add(program.root)
    this.#mentioned = new MentionedFolders(program.root, this.#since)
  }

  /** The folder of its output, and the roots of the found runs. */
  get folders(): string[] {
    return [...this.#found]
  }

  /** The deepest folders with new files that may be those of another program, and are not recorded. */
  get doubtful(): string[] {
    const found = [...this.#doubtful].filter((folder) => !this.#isKnown(folder))
    return found.filter((folder) => !found.some((other) => isBelow(other, folder)))
  }

  /** Looks for new runs. */
  async look(signal: AbortSignal): Promise<WrittenRun[]> {
    const tree = processTree(this.#program.pid)
    const { folders, files } = processPaths(tree)
    this.#open = files
    this.#others = this.#program.claim.others()
    this.#doubtful.clear()
    const runs = new Map<string, RunIdentity>()
    const add = (run: RunIdentity | undefined): void => {
      if (run) runs.set(run.root, run)
    }
    for (const folder of await this.#pointed()) add(await identityOf(folder))
    for (const file of files) add(await this.#runAround(file))
    for (const folder of folders) this.#folders.add(folder)
    for (const argv of [this.#program.argv, ...commandsOf(tree)]) {
      await this.#mentioned.add(argv, this.#program.cwd)
    }
    const below = await this.#below()
    this.#program.claim.change({ areas: below })
    for (const folder of below) {
      for await (const run of searchRuns(folder, { signal, onUnreadable: () => undefined }))
        add(run)
    }
    const found: WrittenRun[] = []
    for (const run of runs.values()) {
      if (!this.#isCandidate(run.root) || !(await this.#isWritten(run.root))) continue
      if (!(await this.#isOwn(run.root))) continue
      if (isWrittenByOthers(run.root, tree, this.#program.data_folder)) continue
      const before = await this.#sameRun(run.root)
      if (before?.isWhole) continue
      this.#found.add(run.root)
      this.#claimFound()
      found.push(before ? { ...run, instead_of: before.root } : run)
    }
    return found
  }

  /**
   * The common folder of all weights that were written since the program's start outside of found
   * runs. If it holds the weights of several runs, it stays the one before. While the program runs
   * (`isOver` is false), a folder with an older log waits, since the program may continue that log.
   */
  async weights(isOver: boolean): Promise<string | undefined> {
    let found = this.#weights
    const files: string[] = []
    for (const below of await this.#below()) {
      for (const { path, mtime } of await findWeights(below, { isInNoted: true })) {
        const file = join(below, path)
        const folder = dirname(file)
        if (mtime < this.#since || this.#isKnown(folder) || !this.#isCandidate(folder)) continue
        if (!this.#isOwnAt(folder, mtime)) continue
        found = commonFolder(found, folder)
        files.push(file)
      }
    }
    if (found === undefined || found === this.#weights) return found
    if (isAboveOthers(found, this.#others) || isSeveralRuns(files)) {
      this.#doubtful.add(found)
      return this.#weights
    }
    if (!isOver && (await existingLogsOf(found)).size > 0) return this.#weights
    this.#weights = found
    this.#claimFound()
    return found
  }

  /** Claims the found folders, so that no other program takes them. */
  #claimFound(): void {
    const roots = [...this.#found, ...(this.#weights === undefined ? [] : [this.#weights])]
    this.#program.claim.change({ roots: roots.filter((root) => !this.#isData(root)) })
  }

  /** Whether the newest log of a root is this program's. */
  async #isOwn(root: string): Promise<boolean> {
    const times = [...(await logsOf(root))].map((file) => timeOf(join(root, file)))
    return !isAboveOthers(root, this.#others) && this.#isOwnAt(root, Math.max(...times))
  }

  /** Whether files that were written to a folder at a time are this program's, for certain. */
  #isOwnAt(folder: string, at: number): boolean {
    const isOpen = [...this.#open].some((file) => isBelow(file, folder))
    const owner = ownerOf({ folder, at, isOpen }, this.#program.claim.named, this.#others)
    if (owner === 'unknown') this.#doubtful.add(folder)
    return owner === 'this'
  }

  #isKnown(folder: string): boolean {
    const roots = [...this.#found, ...(this.#weights === undefined ? [] : [this.#weights])]
    return roots.some((root) => isAtOrBelow(folder, root))
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

  /** The folders to search: the working directories, and those that arguments, scripts or output name. */
  async #below(): Promise<string[]> {
    const { cwd, claim } = this.#program
    const named = [...claim.named, ...(await this.#mentioned.used())]
    const folders = await Promise.all([cwd, ...this.#folders, ...named].map(folderAt))
    const found = [...new Set(folders.filter((folder) => folder !== undefined))]
    // A folder above may be no run, because it has runs of other programs.
    const isShared = (folder: string): boolean => isAboveOthers(folder, this.#others)
    return found.filter((one) => !found.some((other) => isBelow(one, other) && !isShared(other)))
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
      if (isAboveOthers(folder, this.#others)) break
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
    const isFound = this.#found.has(root) || root === this.#weights
    return !this.#isData(root) && !isFound && !this.#isOfAnother(root)
  }

  #isData(folder: string): boolean {
    return isAtOrBelow(folder, this.#program.data_folder)
  }

  /** Whether another `bestmark run` records the folder, or a folder above it. */
  #isOfAnother(folder: string): boolean {
    if (this.#found.has(folder) || folder === this.#weights) return false
    if (hasLiveProcess(folder)) return true
    const above = dirname(folder)
    // A folder in the arguments is this program's, even inside the run of another program.
    return (
      above !== folder && !this.#program.claim.named.includes(folder) && this.#isOfAnother(above)
    )
  }

  /** Whether its log was written since the program started, and not by a program of another `bestmark run`. */
  async #isWritten(root: string): Promise<boolean> {
    const files = await logsOf(root)
    const isNew = (file: string): boolean => this.#isNew(join(root, file))
    // Another `bestmark run` keeps its program's output there.
    return !isNew(OUTPUT) && [...files].some(isNew)
  }

  #isNew(path: string): boolean {
    return timeOf(path) >= this.#since
  }

  /** Files of the program have this time or a later one (ms). */
  get #since(): number {
    return this.#program.started_at - OLDER
  }
}

/** The common folder of both. */
function commonFolder(one: string | undefined, other: string): string {
  let folder = one ?? other
  while (folder !== other && !isBelow(other, folder)) folder = dirname(folder)
  return folder
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
