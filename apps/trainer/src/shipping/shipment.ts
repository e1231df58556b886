import { randomUUID } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../failure.ts'
import { checkpointDigest } from '../checkpoints/digest.ts'
import { assertUnchanged, assertWhole } from './copyCheck.ts'
import {
  assertNewest,
  currentVersion,
  makeCurrent,
  type ModelVersion,
  nameVersion,
  removeDrafts,
  syncFolder,
} from './current.ts'
import { type Manifest, manifestName, readManifest, writeManifest } from './manifest.ts'
import { assertFreeSpace, describeFullDisk } from './diskSpace.ts'
import { sourceFiles, type SourceFile } from '../checkpoints/sourceFiles.ts'
import { copyFile } from './copy.ts'
import { differing, type Report, totalOf, verifyAll } from './verification.ts'

/** One checkpoint to ship into the folder of a model. */
export interface Shipment extends ModelVersion {
  /** The run's root; no file outside it is shipped. */
  root: string
  /** Absolute path of the checkpoint's folder. */
  source: string
  /** The state file that the training program writes last; null if there is none. */
  stateFile: string | null
  /** The digest of the checkpoint's current files; null if it was not computed. */
  digest: string | null
  /** The content of `bestmark.json` beside the files. */
  ledger: Record<string, unknown>
  /** Called before anything becomes live; throws if another agent now ships it. */
  assertOurs?: () => Promise<void>
}

/** The bytes of a checkpoint changed, although no program wrote to its files. */
export class Damaged extends Failure {
  constructor({ source, digest }: Pick<Shipment, 'source' | 'digest'>) {
    super(
      `${source} was damaged on its disk: its SHA-256 is no longer ${digest}. Ship another checkpoint.`,
    )
  }
}

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
  const files = await sourceFiles(shipment.root, shipment.source)
  try {
    await removeDrafts(shipment)
    await assertNewest(shipment)
    await assertFreeSpace(modelFolder, totalOf(files))
    await mkdir(incoming, { recursive: true })
    await copyWhole(shipment, files, incoming, report, signal)
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

/** Copies a checkpoint and its manifest into a folder that is not live. */
async function copyWhole(
  shipment: Shipment,
  files: readonly SourceFile[],
  incoming: string,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  const digests = await copyAll(shipment, files, incoming, report, signal)
  const digest = checkpointDigest(digests)
  // Without a stored digest, reading the source again shows whether it changed during the copy.
  const again = shipment.digest === null ? digests : null
  await assertUnchanged(shipment, files, again, signal)
  if (shipment.digest !== null && shipment.digest !== digest) throw new Damaged(shipment)
  await verifyAll(files, digests, incoming, report, signal)
  await assertWhole(incoming, files, shipment.stateFile)
  const { deployment_id, created_at, ledger } = shipment
  const facts = { ...ledger, deployment_id, created_at, digest }
  const manifest: Manifest = { ...facts, files: Object.fromEntries(digests) }
  await writeManifest(join(incoming, manifestName([...digests.keys()])), manifest)
  await syncFolder(incoming)
}

async function copyAll(
  shipment: Shipment,
  files: readonly SourceFile[],
  folder: string,
  report: Report,
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const bytes_total = totalOf(files)
  let bytes_done = 0
  report({ status: 'copying', bytes_done, bytes_total })
  const digests = new Map<string, string>()
  for (const file of files) {
    const progress = (bytes: number): void => {
      bytes_done += bytes
      report({ status: 'copying', bytes_done, bytes_total })
    }
    try {
      digests.set(file.name, await copyFile(file, folder, progress, signal))
    } catch (error) {
      // If the checkpoint changed during the copy, that is the better error.
      if (!signal.aborted) await assertUnchanged(shipment, files, null, signal)
      throw error
    }
  }
  return digests
}
