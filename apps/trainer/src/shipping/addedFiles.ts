import { type CheckpointKind, isTakenFor, isUri, MOUNT_ADVICE } from '@bestmark/core'
import { readdir, realpath, stat } from 'node:fs/promises'
import { isAbsolute, join, resolve } from 'node:path'
import { isInside } from '../checkpoints/checkpointFiles.ts'
import type { SourceFile } from '../checkpoints/sourceFiles.ts'
import { Failure, systemCode } from '../failure.ts'

/** Where files that a checkpoint lacks are taken from. */
export interface FilesFrom {
  root: string
  /** A folder, relative to the root or absolute. */
  files_from: string
  kind: CheckpointKind | null
}

/**
 * Files of configuration and vocabulary in another folder that a checkpoint lacks. Throws a Failure
 * if there is no such folder, if it has none of them, or if the checkpoint is a single file.
 */
export async function addedFiles(
  { root, files_from, kind }: FilesFrom,
  files: readonly SourceFile[],
): Promise<SourceFile[]> {
  if (files.some((file) => file.isWhole))
    throw new Failure('This checkpoint is one file, so no files are added to it.')
  if (isUri(files_from))
    throw new Failure(`${files_from} is no folder, so its files are not added. ${MOUNT_ADVICE}.`)
  const folder = resolve(root, files_from)
  const here = new Set(files.map(({ name }) => name))
  const names = (await namesIn(folder)).filter((name) => isTakenFor(kind, name) && !here.has(name))
  const home = isAbsolute(files_from) ? undefined : await realpath(root)
  const found = await Promise.all(names.map((name) => addedFile(folder, name, home)))
  const added = found.flatMap((file) => file ?? [])
  if (added.length > 0) return added
  throw new Failure(
    `${folder} has no file of a configuration or a tokenizer that the checkpoint lacks. ` +
      'Name another folder, or ship without added files.',
  )
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort()
  } catch (cause) {
    if (systemCode(cause) === undefined) throw cause
    throw new Failure(`${folder} cannot be read, so its files are not added.`, { cause })
  }
}

/** A link out of the run is not followed, unless the folder itself is outside. */
async function addedFile(
  folder: string,
  name: string,
  home: string | undefined,
): Promise<SourceFile | undefined> {
  const from = await realpath(join(folder, name))
  if (home !== undefined && !isInside(home, from))
    throw new Failure(`${join(folder, name)} leads outside the run's folder, so it is not shipped.`)
  const found = await stat(from)
  if (!found.isFile()) return undefined
  return { from, name, bytes: found.size, changed_at: found.mtimeMs, isWhole: false }
}
