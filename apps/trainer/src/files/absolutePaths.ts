import { homedir, tmpdir } from 'node:os'
import { resolve } from 'node:path'
import { isAtOrBelow } from './below.ts'

/** An absolute path, or one in the home directory, up to a part that is computed. */
const PATH = /(?<![\w.~:/})\]])~?\/[^\s'"`,;:()[\]{}<>|*?$&=\\]+/g
/** The value of an environment variable, as Python and a shell ask for it. */
const VARIABLE = /environ(?:\.get\(|\[)\s*['"](\w+)['"]|getenv\(\s*['"](\w+)['"]|\$\{?(\w+)/g
/** Caches and packages. Weights there are not those of a run. */
const CACHE = /\/(\.|hub\/|models--|datasets--|site-packages\/)/

/** The absolute paths that a text names, such as a script, a configuration or an output. */
export function absolutePathsIn(text: string): string[] {
  const variables = [...text.matchAll(VARIABLE)].map(([, ...names]) => {
    return process.env[names.find((name) => name !== undefined) ?? ''] ?? ''
  })
  const written = [...text.matchAll(PATH)].map(([path]) => path.replace(/^~/, homedir()))
  const paths = [...variables, ...written].filter((path) => path.startsWith('/'))
  return [...new Set(paths.map((path) => resolve(path.replace(/\.+$/, ''))))].filter(
    (path) => !CACHE.test(path),
  )
}

/** Whether a folder is narrow enough to search it: no top folder, home or folder of temporary files. */
export function isNarrow(folder: string): boolean {
  return (
    folder.split('/').length > 2 && ![homedir(), tmpdir()].some((wide) => isAtOrBelow(wide, folder))
  )
}
