import { readdirSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { systemCode } from '../../failure.ts'
import { absolutePathsIn, isNarrow } from '../../files/absolutePaths.ts'
import { openHandle, statIfSeen, textIfReadable } from '../../files/runFile.ts'
import { ERRORS, OUTPUT } from '../../sources/output/runOutput.ts'
import { resolvedPath } from './namedPaths.ts'

/** Files of a command line that may contain paths: scripts and configurations. */
const SCRIPT = /\.(py|m?[jt]s|sh|jl|r|lua|ya?ml|json|toml|cfg|ini)$/i
/** Longer files are data (bytes). */
const LONGEST = 1 << 20
/** How much is read of the start and of the end of an output (bytes). */
const PIECE = 64 << 10
/** How many folders in a folder are checked for new files. */
const MOST = 1_000

/**
 * Folders outside the working directory that a program's scripts, configurations or output name, and
 * to which something was written since its start.
 */
export class MentionedFolders {
  readonly #root: string
  readonly #since: number
  readonly #scripts = new Set<string>()
  /** The paths in the command lines and scripts. */
  readonly #paths = new Set<string>()

  /** `root`: the folder of the program's output. `since`: its start (ms). */
  constructor(root: string, since: number) {
    this.#root = root
    this.#since = since
  }

  /** Reads the command lines of the program or its children, and the scripts in them. */
  async add(argv: readonly string[], cwd: string): Promise<void> {
    this.#addPaths(argv.slice(1).join('\n'))
    for (const script of scriptsIn(argv, cwd)) {
      if (this.#scripts.has(script)) continue
      this.#scripts.add(script)
      this.#addPaths(await textIfReadable(script, LONGEST))
    }
  }

  /** The folders, as they are now. */
  async used(): Promise<string[]> {
    const printed = await Promise.all(
      [OUTPUT, ERRORS].map((name) => endsOf(join(this.#root, name))),
    )
    const paths = [...this.#paths, ...absolutePathsIn(printed.join('\n'))]
    const folders = paths.map((path) => this.#folderOf(path)).filter((path) => path !== undefined)
    return [...new Set(folders)].filter((folder) => isNarrow(folder) && this.#isUsed(folder))
  }

  #addPaths(text: string): void {
    for (const path of absolutePathsIn(text)) this.#paths.add(path)
  }

  /** The folder that a path names, or in which it names a new file; undefined if there is none. */
  #folderOf(path: string): string | undefined {
    const seen = statIfSeen(path)
    if (seen?.isDirectory()) return resolvedPath(path)
    // Scripts and data are older.
    if (seen && seen.mtimeMs < this.#since) return undefined
    return statIfSeen(dirname(path))?.isDirectory() ? resolvedPath(dirname(path)) : undefined
  }

  /** Whether a file or a folder was created in a folder, or in a folder in it. */
  #isUsed(folder: string): boolean {
    const isNew = (path: string): boolean => (statIfSeen(path)?.mtimeMs ?? 0) >= this.#since
    return isNew(folder) || foldersIn(folder).slice(0, MOST).some(isNew)
  }
}

/** The scripts and configurations of a command line, and the module of `python -m`. */
function scriptsIn(argv: readonly string[], cwd: string): string[] {
  const module = argv[argv.indexOf('-m') + 1]
  const words = argv.slice(1).map((word) => word.replace(/^--?[\w-]+=/, ''))
  const named = words.filter((word) => SCRIPT.test(word))
  const ofModule = argv.includes('-m') && module ? [`${module.replaceAll('.', '/')}.py`] : []
  return [...named, ...ofModule].map((word) => resolve(cwd, word))
}

function foldersIn(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true })
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(folder, name))
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return []
  }
}

/** The start and the end of a text file. */
async function endsOf(path: string): Promise<string> {
  const size = statIfSeen(path)?.size ?? 0
  if (size <= 2 * PIECE) return textIfReadable(path)
  await using file = await openHandle(path)
  const pieces = await Promise.all(
    [0, size - PIECE].map(async (from) => {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(PIECE), 0, PIECE, from)
      return buffer.toString('utf8', 0, bytesRead)
    }),
  )
  return pieces.join('\n')
}
