import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { systemCode } from '../../failure.ts'
import { textOfFile } from '../../files/runFile.ts'
import { hasLiveProcess } from '../../processes/mark.ts'
import { MARK, OUTPUT } from '../../sources/output/runOutput.ts'
import { readRunNote } from '../../sources/runNote.ts'
import { namedFolders, pathRoles, resolvedPath } from './namedPaths.ts'

/** A program that is about to start. */
interface NextProgram {
  argv: readonly string[]
  cwd: string
  /** The name that the user gave. */
  name: string | undefined
}

/** An option that asks to resume. */
const RESUME = /resume|continue|restart|restore|checkpoint|ckpt/i
/** A script in a command line. */
const SCRIPT = /\.(py|m?[jt]s|sh|jl|r|lua)$/i

/**
 * The folder of an earlier run that a program probably continues: its arguments name this folder, or
 * the folder above, and `bestmark run` recorded the same script with the same option there, or a run
 * with the same name. Undefined if there is none, or several, or if a program still trains there.
 */
export async function earlierRunOf(program: NextProgram): Promise<string | undefined> {
  const found: string[] = []
  for (const named of namedFolders(program.argv, program.cwd)) {
    for (const folder of [named, ...(await foldersIn(named))]) {
      if (await isContinued(folder, named, program)) found.push(folder)
    }
  }
  const [first, ...others] = new Set(found)
  return others.length === 0 ? first : undefined
}

async function isContinued(
  folder: string,
  named: string,
  { argv, cwd, name }: NextProgram,
): Promise<boolean> {
  const note = await readRunNote(folder)
  if (!note || hasLiveProcess(folder)) return false
  if (name !== undefined && note.name === name) return true
  const earlier = await earlierCommand(folder)
  if (!earlier || scriptOf(earlier, cwd) !== scriptOf(argv, cwd)) return false
  // Other options may choose another folder below the named one.
  if (folder !== named && !isOnlyResumed(earlier, argv)) return false
  const roles = pathRoles(earlier, cwd, named)
  return pathRoles(argv, cwd, named).some((role) => roles.includes(role))
}

/** Whether a command has no words that the earlier one had not, except those that ask to resume. */
function isOnlyResumed(earlier: readonly string[], argv: readonly string[]): boolean {
  return argv.every((word, index) => {
    return earlier.includes(word) || RESUME.test(word) || RESUME.test(argv[index - 1] ?? '')
  })
}

/** The words of the last command that `bestmark run` started in a folder. */
async function earlierCommand(folder: string): Promise<string[] | undefined> {
  const text = await textOfFile(join(folder, OUTPUT)).catch(() => '')
  const starts = text.split('\n').filter((line) => line.startsWith(MARK))
  const last = starts.findLast((line) => / started: /.test(line))
  return last?.replace(/^.*? started: /, '').split(' ')
}

function scriptOf(words: readonly string[], cwd: string): string | undefined {
  const script = words.find((word) => SCRIPT.test(word))
  if (script !== undefined) return resolvedPath(join(script.startsWith('/') ? '' : cwd, script))
  const module = words.indexOf('-m')
  return module < 0 ? words[0] : words[module + 1]
}

async function foldersIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true })
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(folder, name))
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return []
  }
}
