import { relative } from 'node:path'

/** The name of a run, if a program writes several. */
export function partName(name: string, cwd: string, root: string): string {
  const path = relative(cwd, root)
  return path === '' ? name : `${name}/${path.startsWith('..') ? root : path}`
}
