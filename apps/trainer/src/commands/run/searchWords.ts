import { relative } from 'node:path'

/** A path as a shell takes it. */
export function shellWord(path: string): string {
  return /^[\w./@%+=:,-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`
}

/** What a person is told where only a program's output was recorded. */
export function notFoundWords(name: string, cwd: string): string {
  return (
    `No log or checkpoint of ${name} was found below ${cwd}, so only its output is recorded. ` +
    `If it writes to another folder: bestmark import FOLDER`
  )
}

/** How a run of several that a program writes is called. */
export function partName(name: string, cwd: string, root: string): string {
  const path = relative(cwd, root)
  return path === '' ? name : `${name}/${path.startsWith('..') ? root : path}`
}
