import { posix, win32 } from 'node:path'

/**
 * The absolute path of a checkpoint or another file that a run names, on the root's machine. A
 * relative path is below the root. An absolute path stays, inside or outside the root. `..` and
 * trailing slashes are resolved. A backslash separates folders too, since a run may be written on
 * Windows and read elsewhere. Links are not followed.
 */
export function absolutePath(root: string, path: string): string {
  if (isWindows(root)) return win32.resolve(root, path)
  // No such path is on this machine; joined to the root it could name another file.
  if (isWindows(path)) return path
  return posix.resolve(posix.join('/', root), path.replaceAll('\\', '/'))
}

/**
 * The same path relative to the root, with forward slashes: '' for the root itself, and undefined
 * outside of it.
 */
export function pathBelow(root: string, path: string): string | undefined {
  const style = isWindows(root) ? win32 : posix
  const absolute = absolutePath(root, path)
  if (!style.isAbsolute(absolute)) return undefined
  const below = style.relative(root, absolute)
  const leadsOut = below === '..' || below.startsWith(`..${style.sep}`) || style.isAbsolute(below)
  return leadsOut ? undefined : below.replaceAll(style.sep, '/')
}

function isWindows(path: string): boolean {
  return /^([A-Za-z]:[\\/]|\\\\)/.test(path)
}
