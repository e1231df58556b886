import { randomUUID } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  assertNewest,
  currentVersion,
  makeCurrent,
  type ModelVersion,
  nameVersion,
  removeDrafts,
} from './current.ts'
import { readManifest } from './manifest.ts'
import { assertFreeSpace, describeFullDisk } from './diskSpace.ts'
import { sourceFiles } from '../checkpoints/sourceFiles.ts'
import { differing, type Report } from './verification.ts'
import { cargoOf, type Shipment } from './cargo.ts'
import { copyWhole } from './wholeCopy.ts'

export type { Shipment } from './cargo.ts'
export { Damaged } from './wholeCopy.ts'

/**
 * Copies a checkpoint beside the live version, reads every byte back and compares digests, then
 * makes it `current`. Returns the path of the new version. Throws without changing the live version
 * if there is too little space, a file cannot be copied or differs, the source changed, or the copy
 * is not complete. Throws Damaged if the digest is not the stored one.
 */
export async function shipToFolder(
  shipment: Shipment,
  report: Report,
  signal: AbortSignal,
): Promise<string> {
  const { modelFolder, version, deployment_id } = shipment
  // The random name keeps two agents apart if one takes over while the other sleeps.
  const incoming = join(modelFolder, `.incoming-${deployment_id}-${randomUUID().slice(0, 8)}`)
  const folder = join(modelFolder, version)
  const all = await sourceFiles(shipment.root, shipment.source)
  try {
    await removeDrafts(shipment)
    await assertNewest(shipment)
    const cargo = await cargoOf(shipment, all)
    await assertFreeSpace(modelFolder, cargo.bytes)
    await mkdir(incoming, { recursive: true })
    await copyWhole(shipment, cargo, incoming, report, signal)
    await shipment.assertOurs?.()
    await nameVersion(incoming, folder)
    await makeCurrent(shipment, shipment.assertOurs)
    return folder
  } catch (error) {
    throw describeFullDisk(error, modelFolder)
  } finally {
    // A live shipment is done, even if its unfinished files cannot be removed.
    await rm(incoming, { recursive: true, force: true }).catch(() => undefined)
  }
}

/**
 * Finishes a deployment that another agent began: returns the path of its version if it is live, or
 * if it is complete and was made live now; undefined if it must be copied. Throws as `makeCurrent`.
 */
export async function finishShipment(
  target: ModelVersion,
  assertOurs: () => Promise<void>,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { modelFolder, version, deployment_id } = target
  const folder = join(modelFolder, version)
  const serving = await currentVersion(modelFolder)
  const live = serving === undefined ? undefined : await readManifest(join(modelFolder, serving))
  if (serving !== undefined && (serving === version || live?.deployment_id === deployment_id)) {
    await removeDrafts(target)
    return join(modelFolder, serving)
  }
  const manifest = await readManifest(folder)
  if (manifest?.deployment_id !== deployment_id) return undefined
  await assertNewest(target)
  const differs = await differing(folder, new Map(Object.entries(manifest.files)), signal)
  if (differs !== undefined) {
    await rm(folder, { recursive: true, force: true })
    return undefined
  }
  await removeDrafts(target)
  await makeCurrent(target, assertOurs)
  return folder
}
