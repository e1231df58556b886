import { posix, win32 } from 'node:path'

/** A path of a run, made absolute in the run's folder, whatever machine that folder is on. */
export function inRoot(root: string, path: string): string {
  const windows = /^([A-Za-z]:[\\/]|\\\\)/.test(root)
  return windows ? win32.join(root, path) : posix.join(root, path)
}
