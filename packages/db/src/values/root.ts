import { posix, win32 } from 'node:path'
import { isUri, joinUri, uriBelow, withoutFileScheme } from '@bestmark/core'

/**
 * The absolute path of a checkpoint or another file that a run names, on the root's machine. A
 * relative path is below the root. An absolute path stays, inside or outside the root. `..` and
 * trailing slashes are resolved. A backslash separates folders too, since a run may be written on
 * Windows and read elsewhere. Links are not followed. A URI in an object store stays as it was logged, and
 * a path below a URI is a URI; `file://` names a path of the root's machine.
 */
export function absolutePath(root: string, logged: string): string {
  const path = withoutFileScheme(logged)
  if (isUri(path)) return path
  if (isUri(root)) return isAbsolute(path) ? path : joinUri(root, path)
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
  if (isUri(root)) return uriBelow(root, absolutePath(root, path))
  const style = isWindows(root) ? win32 : posix
  const absolute = absolutePath(root, path)
  if (!style.isAbsolute(absolute)) return undefined
  const below = style.relative(root, absolute)
  const leadsOut = below === '..' || below.startsWith(`..${style.sep}`) || style.isAbsolute(below)
  return leadsOut ? undefined : below.replaceAll(style.sep, '/')
}

function isAbsolute(path: string): boolean {
  return posix.isAbsolute(path) || isWindows(path)
}

function isWindows(path: string): boolean {
  return /^([A-Za-z]:[\\/]|\\\\)/.test(path)
}
