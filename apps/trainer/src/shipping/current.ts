import { randomUUID } from 'node:crypto'
import { open, readdir, readlink, rename, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure, systemCode } from '../failure.ts'
import { readManifest } from './manifest.ts'

/** A model's folder holds a folder a version, and the link `current` to the one that serves. */
export interface ModelVersion {
  modelFolder: string
  /** Name of the version's folder. */
  version: string
  deployment_id: string
  /** When it was ordered. */
  created_at: number
  /** What `current` named when this deployment was first begun; left out where another agent began it. */
  served_before?: string | undefined
}

/** The version that `current` names; undefined where nothing was shipped yet. */
export async function currentVersion(modelFolder: string): Promise<string | undefined> {
  try {
    return await readlink(join(modelFolder, 'current'))
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}

/** Throws a Failure where something that was ordered later has come to serve meanwhile. */
export async function assertNewest(place: ModelVersion): Promise<void> {
  const { modelFolder, created_at, served_before } = place
  const serving = await currentVersion(modelFolder)
  if (serving === undefined || serving === served_before) return
  const live = await readManifest(join(modelFolder, serving))
  if (!live || live.created_at <= created_at) return
  throw new Failure(
    `${modelFolder} already serves a checkpoint from a later order, so this one was not made live.`,
  )
}

/**
 * Switches `current` to a version in one rename, so that a reader sees the old version or the new
 * one and nothing between. `assertOurs` is asked right before that, and throws where another agent
 * ships it now: that one has removed the link's draft by then, or will find the version live.
 */
export async function makeCurrent(
  place: ModelVersion,
  assertOurs: (() => Promise<void>) | undefined,
): Promise<void> {
  const { modelFolder, version, deployment_id } = place
  const draft = join(modelFolder, `.current-${deployment_id}-${randomUUID().slice(0, 8)}`)
  try {
    // A link cannot be changed in place; renaming another one over it can.
    await symlink(version, draft)
    await syncFolder(modelFolder)
    await assertOurs?.()
    await assertNewest(place)
    await rename(draft, join(modelFolder, 'current'))
    await syncFolder(modelFolder)
  } finally {
    await rm(draft, { force: true })
  }
}

/** Removes what another agent left of the same deployment. */
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

/** Has a folder's names survive a loss of power, where its file system can. */
export async function syncFolder(folder: string): Promise<void> {
  try {
    await using file = await open(folder, 'r')
    await file.sync()
  } catch (error) {
    if (systemCode(error) === undefined) throw error
  }
}
