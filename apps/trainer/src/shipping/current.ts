import { randomUUID } from 'node:crypto'
import { open, readdir, readlink, rename, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure, systemCode } from '../failure.ts'
import { readManifest } from './manifest.ts'

/** One version of a model. The model's folder has a folder per version, and the link `current` to the live one. */
export interface ModelVersion {
  modelFolder: string
  /** Name of the version's folder. */
  version: string
  deployment_id: string
  /** When the shipment was ordered. */
  created_at: number
  /** The target of `current` before this deployment; left out if another agent began it. */
  served_before?: string | undefined
  /** Hands the complete version to its target, before it becomes `current`. */
  deliver?: ((folder: string) => Promise<void>) | undefined
}

/** The version that `current` links to; undefined if nothing was shipped yet. */
export async function currentVersion(modelFolder: string): Promise<string | undefined> {
  try {
    return await readlink(join(modelFolder, 'current'))
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}

/** Throws a Failure if a later order is already live. */
export async function assertNewest(target: ModelVersion): Promise<void> {
  const { modelFolder, created_at, served_before } = target
  const serving = await currentVersion(modelFolder)
  if (serving === undefined || serving === served_before) return
  const live = await readManifest(join(modelFolder, serving))
  if (!live || live.created_at <= created_at) return
  throw new Failure(
    `${modelFolder} already serves a checkpoint from a later order, so this one was not made live.`,
  )
}

/**
 * Switches `current` to a version in one rename, so that a reader sees either the old or the new
 * version. The version is delivered to its target first. `assertOurs` is called right before, and
 * throws if another agent now ships it. That agent has then removed our draft of the link, or will
 * find the version live.
 */
export async function makeCurrent(
  target: ModelVersion,
  assertOurs: (() => Promise<void>) | undefined,
): Promise<void> {
  const { modelFolder, version, deployment_id } = target
  const draft = join(modelFolder, `.current-${deployment_id}-${randomUUID().slice(0, 8)}`)
  if (target.deliver) {
    await assertNewest(target)
    await target.deliver(join(modelFolder, version))
  }
  try {
    // A link cannot be changed, but another link can be renamed over it.
    await symlink(version, draft)
    await syncFolder(modelFolder)
    await assertOurs?.()
    await assertNewest(target)
    await rename(draft, join(modelFolder, 'current'))
    await syncFolder(modelFolder)
  } finally {
    await rm(draft, { force: true })
  }
}

/** Removes unfinished files of the same deployment that another agent left. */
export async function removeDrafts({ modelFolder, deployment_id }: ModelVersion): Promise<void> {
  const names = await readdir(modelFolder).catch(() => [])
  for (const name of names) {
    if (
      !name.startsWith(`.incoming-${deployment_id}`) &&
      !name.startsWith(`.current-${deployment_id}`)
    ) {
      continue
    }
    await rm(join(modelFolder, name), { recursive: true, force: true })
  }
}

/** Flushes a folder's names to disk, if its file system supports that. */
export async function syncFolder(folder: string): Promise<void> {
  try {
    await using file = await open(folder, 'r')
    await file.sync()
  } catch (error) {
    if (systemCode(error) === undefined) throw error
  }
}

/** Gives a complete version its name. Throws a Failure if the name is taken. */
export async function nameVersion(incoming: string, folder: string): Promise<void> {
  try {
    await rename(incoming, folder)
  } catch (cause) {
    if (!['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(systemCode(cause) ?? '')) throw cause
    throw new Failure(`${folder} already exists. Move it away and ship again.`, { cause })
  }
}
