import { realpathSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { isUri } from '@bestmark/core'
import { isBelow } from '../../files/below.ts'
import { statIfSeen } from '../../files/runFile.ts'

/** An option or an assignment before a path, such as `--out=` or `hydra.run.dir=`. */
const ASSIGNED = /^[\w.+@-]+=/

/** The words of a program's arguments that may be paths, also those of a shell's script. */
function wordsOf(argv: readonly string[]): string[] {
  return argv.flatMap((word) => word.split(/\s+/)).map((word) => word.replace(ASSIGNED, ''))
}

/**
 * The folders that a program's arguments may name, absolute and with links resolved, whether they
 * exist yet or not. The working directory and the folders above it say nothing, so they are left out.
 */
export function namedFolders(argv: readonly string[], cwd: string): string[] {
  const base = resolvedPath(cwd)
  const paths = wordsOf(argv.slice(1))
    .filter((word) => word !== '' && !word.startsWith('-') && !isUri(word))
    .map((word) => resolvedPath(resolve(base, word)))
  const isFolder = (path: string): boolean => statIfSeen(path)?.isDirectory() ?? true
  return [...new Set(paths)].filter((path) => {
    return path !== base && !isBelow(base, path) && isFolder(path)
  })
}

/**
 * How a program's arguments name a folder: the options before it, such as `--out`, or an empty text
 * for a word without an option.
 */
export function pathRoles(argv: readonly string[], cwd: string, folder: string): string[] {
  const base = resolvedPath(cwd)
  return argv.flatMap((word, index) => {
    const [assigned = ''] = ASSIGNED.exec(word) ?? []
    const path = word.slice(assigned.length)
    if (path === '' || isUri(path) || resolvedPath(resolve(base, path)) !== folder) return []
    const before = argv[index - 1] ?? ''
    return [assigned === '' && before.startsWith('-') ? before : assigned.replace(/=$/, '')]
  })
}

/** A path with the links in its existing part resolved. */
export function resolvedPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    const above = dirname(path)
    return above === path ? path : join(resolvedPath(above), path.slice(above.length))
  }
}
