import { readdir, realpath, stat } from 'node:fs/promises'
import { basename, join, relative } from 'node:path'
import { isUri, MOUNT_ADVICE, s3Address, schemeOf } from '@bestmark/core'
import { Failure } from '../failure.ts'
import { filesOfPrefix, isInside } from './checkpointFiles.ts'

/** A file to ship: its real path or the URI of its object, and its path below the checkpoint's folder. */
export interface SourceFile {
  from: string
  name: string
  bytes: number
  /** When it was last changed (ms). */
  changed_at: number
  /** Of an object: changes with its content. */
  etag?: string
  /** Whether this one file is the whole checkpoint. */
  isWhole: boolean
}

/**
 * The files of a checkpoint, which is a folder, one file, or the files of a TensorFlow checkpoint, whose
 * path is only the beginning of their names. Links are resolved. Throws a Failure if
 * a link leads outside the run's root, because only a run's files are shipped, or to a folder. Objects in
 * S3 are listed; then it throws StoreUnread, and a Failure if there are none.
 */
export async function sourceFiles(root: string, folder: string): Promise<SourceFile[]> {
  if (isUri(folder)) return sourceObjects(folder)
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

async function sourceObjects(uri: string): Promise<SourceFile[]> {
  if (s3Address(uri) === undefined) {
    throw new Failure(
      `${uri} is not shipped, because Bestmark does not read ${schemeOf(uri)}://. ${MOUNT_ADVICE}.`,
    )
  }
  // Only an agent with such checkpoints loads it.
  const { isFileName, listStored } = await import('../s3/storedFiles.ts')
  const found = await listStored(uri, { patience: 'ship' })
  if (!found) throw new Failure(`Nothing is at ${uri}, so nothing was shipped.`)
  return found.files.map(({ uri: from, ...file }) => {
    if (!isFileName(file.name))
      throw new Failure(`${from} cannot be the name of a file, so nothing was shipped.`)
    return { ...file, from, isWhole: found.isFile }
  })
}
