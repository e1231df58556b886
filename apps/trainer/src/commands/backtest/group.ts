import { existsSync } from 'node:fs'
import { basename, dirname, join, relative, sep } from 'node:path'
import { Failure, errorText } from '../../failure.ts'
import type { BacktestPath } from './backtestPaths.ts'

/** `models--owner--name`, as the HuggingFace cache names a repository's folder. */
const CACHED = /^models--(.+?)--(.+)$/
/** `owner__name__…`, one folder per run. */
const FLAT = /^(.+?)__(.+?)__/

/** The pattern of `--group`. Throws a Failure if it is not a regular expression. */
export function groupPattern(text: string | undefined): RegExp | undefined {
  try {
    return text === undefined ? undefined : new RegExp(text)
  } catch (cause) {
    throw new Failure(`--group must be a regular expression: ${errorText(cause)}.`, { cause })
  }
}

/**
 * The group of a run: what the pattern captures in its path, else the nearest folder that names a
 * repository, else the nearest git repository, else the first folder below the given path.
 */
export function groupOf({ folder, below }: BacktestPath, pattern?: RegExp): string {
  const captured = pattern?.exec(folder)
  if (captured) return captured[1] ?? captured[0]
  const folders = ancestors(folder)
  for (const one of folders) {
    const [, owner, name] = CACHED.exec(basename(one)) ?? FLAT.exec(basename(one)) ?? []
    if (owner !== undefined && name !== undefined) return `${owner}/${name}`
  }
  const repository = folders.find(isRepository)
  if (repository !== undefined) return basename(repository)
  return relative(below, folder).split(sep)[0] || basename(below)
}

const REPOSITORIES = new Map<string, boolean>()

function isRepository(folder: string): boolean {
  const isOne = REPOSITORIES.get(folder) ?? existsSync(join(folder, '.git'))
  REPOSITORIES.set(folder, isOne)
  return isOne
}

/** A folder and all folders above it, the nearest first. */
function ancestors(folder: string): string[] {
  const above = dirname(folder)
  return above === folder ? [folder] : [folder, ...ancestors(above)]
}
