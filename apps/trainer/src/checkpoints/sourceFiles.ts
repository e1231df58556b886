import { readdir, realpath, stat } from 'node:fs/promises'
import { basename, join, relative } from 'node:path'
import { Failure } from '../failure.ts'
import { filesOfPrefix, isInside } from './checkpointFiles.ts'

/** A file to ship: its real path, and its path below the checkpoint's folder. */
export interface SourceFile {
  from: string
  name: string
  bytes: number
  /** When it was last changed (ms). */
  changed_at: number
  /** Whether this one file is the whole checkpoint. */
  isWhole: boolean
}

/**
 * The files of a checkpoint, which is a folder, one file, or the files of a TensorFlow checkpoint, whose
 * path is only the beginning of their names. Links are resolved. Throws a Failure if
 * a link leads outside the run's root, because only a run's files are shipped, or to a folder.
 */
export async function sourceFiles(root: string, folder: string): Promise<SourceFile[]> {
  const home = await realpath(root)
  const prefix = await filesOfPrefix(folder)
  if (prefix) return Promise.all(prefix.map((path) => sourceFile(home, path, basename(path))))
  if ((await stat(folder)).isFile())
    return [{ ...(await sourceFile(home, folder, basename(folder))), isWhole: true }]
  const entries = await readdir(folder, { withFileTypes: true, recursive: true })
  const files: SourceFile[] = []
  for (const entry of entries) {
    if (entry.isDirectory()) continue
    const path = join(entry.parentPath, entry.name)
    files.push(await sourceFile(home, path, relative(folder, path)))
  }
  return files.sort((a, b) => a.name.localeCompare(b.name))
}

async function sourceFile(home: string, path: string, name: string): Promise<SourceFile> {
  const from = await realpath(path)
  if (!isInside(home, from)) {
    throw new Failure(`${path} leads outside the run's folder, to ${from}, so it is not shipped.`)
  }
  const found = await stat(from)
  if (!found.isFile()) {
    throw new Failure(`${path} is neither a file nor a real folder, so it is not shipped.`)
  }
  return { from, name, bytes: found.size, changed_at: found.mtimeMs, isWhole: false }
}
