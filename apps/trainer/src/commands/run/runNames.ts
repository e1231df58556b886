import { relative } from 'node:path'

/** A path as a shell takes it. */
export function shellWord(path: string): string {
  return /^[\w./@%+=:,-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`
}

/** How a run of several that a program writes is called. */
export function partName(name: string, cwd: string, root: string): string {
  const path = relative(cwd, root)
  return path === '' ? name : `${name}/${path.startsWith('..') ? root : path}`
}
