import { randomUUID } from 'node:crypto'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure, systemCode } from '../failure.ts'
import { checkpointDigest } from '../checkpoints/digest.ts'
import { assertUnchanged, assertWhole } from './copyCheck.ts'
import {
  assertNewest,
  currentVersion,
  makeCurrent,
  type ModelVersion,
  removeDrafts,
  syncFolder,
} from './current.ts'
import { type Manifest, manifestName, readManifest, writeManifest } from './manifest.ts'
import { assertFreeSpace, describeFullDisk } from './diskSpace.ts'
import { fileDigest } from '../checkpoints/digest.ts'
import { sourceFiles, type SourceFile } from '../checkpoints/sourceFiles.ts'
import { copyFile } from './copy.ts'

/** One checkpoint to be shipped into the folder of a model. */
export interface Shipment extends ModelVersion {
  /** The run's root; no file from outside of it is shipped. */
  root: string
  /** Absolute path of the checkpoint's folder. */
  source: string
  /** The state file that the training program writes last; null where it writes none. */
  stateFile: string | null
  /** The digest that was taken of the checkpoint's files as they are; null where none was. */
  digest: string | null
  /** What is written beside the files, as `bestmark.json`. */
  ledger: Record<string, unknown>
  /** Asked before anything becomes live; throws where another agent ships it now. */
  assertOurs?: () => Promise<void>
}

export interface ShipmentProgress {
  status: 'copying' | 'verifying'
  bytes_done: number
  bytes_total: number
}

type Report = (progress: ShipmentProgress) => void

/** The bytes of a checkpoint are others than they were, though nobody wrote to its files. */
export class Damaged extends Failure {
  constructor({ source, digest }: Pick<Shipment, 'source' | 'digest'>) {
    super(
      `${source} was damaged on its disk: its SHA-256 is no longer ${digest}. Ship another checkpoint.`,
    )
  }
}

/**
 * Copies a checkpoint beside the live version, reads every byte back and compares digests, then
 * makes it `current`. Returns the path of the new version. Throws, and leaves what was live alone,
 * when there is no room, a file cannot be copied or differs, the source changed meanwhile, or the
 * copy is not whole, and Damaged where it is not what was looked at.
 */
export async function shipToFolder(
  shipment: Shipment,
  report: Report,
  signal: AbortSignal,
): Promise<string> {
  const { modelFolder, version, deployment_id } = shipment
  // An agent that slept while another one took over must not write to the same files.
  const incoming = join(modelFolder, `.incoming-${deployment_id}-${randomUUID().slice(0, 8)}`)
  const place = join(modelFolder, version)
  const files = await sourceFiles(shipment.root, shipment.source)
  try {
    await removeDrafts(shipment)
    await assertNewest(shipment)
    await assertFreeSpace(modelFolder, totalOf(files))
    await mkdir(incoming, { recursive: true })
    await copyWhole(shipment, files, incoming, report, signal)
    await shipment.assertOurs?.()
    await nameVersion(incoming, place)
    await makeCurrent(shipment, shipment.assertOurs)
    return place
  } catch (error) {
    throw describeFullDisk(error, modelFolder)
  } finally {
    // A shipment that is live is done, whether or not what lies beside it can be removed.
    await rm(incoming, { recursive: true, force: true }).catch(() => undefined)
  }
}

/**
 * Finishes what another agent left of the same deployment: returns the path of its version, which
 * is live already, or is made live where it is whole; undefined where it must be copied. Throws as
 * `makeCurrent` does.
 */
export async function finishShipment(
  place: ModelVersion,
  assertOurs: () => Promise<void>,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { modelFolder, version, deployment_id } = place
  const folder = join(modelFolder, version)
  const serving = await currentVersion(modelFolder)
  const live = serving === undefined ? undefined : await readManifest(join(modelFolder, serving))
  if (serving !== undefined && (serving === version || live?.deployment_id === deployment_id)) {
    await removeDrafts(place)
    return join(modelFolder, serving)
  }
  const manifest = await readManifest(folder)
  if (manifest?.deployment_id !== deployment_id) return undefined
  await assertNewest(place)
  const differs = await differing(folder, new Map(Object.entries(manifest.files)), signal)
  if (differs !== undefined) {
    await rm(folder, { recursive: true, force: true })
    return undefined
  }
  await removeDrafts(place)
  await makeCurrent(place, assertOurs)
  return folder
}

/** Gives a whole version its name. Throws a Failure where something else has that. */
async function nameVersion(incoming: string, place: string): Promise<void> {
  try {
    await rename(incoming, place)
  } catch (cause) {
    if (!['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(systemCode(cause) ?? '')) throw cause
    throw new Failure(`${place} already exists. Move it away and ship again.`, { cause })
  }
}

/** Copies a checkpoint, with its manifest, into a folder where nobody looks yet. */
async function copyWhole(
  shipment: Shipment,
  files: readonly SourceFile[],
  incoming: string,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  const digests = await copyAll(shipment, files, incoming, report, signal)
  const digest = checkpointDigest(digests)
  // A digest that was taken before stands for one moment; without it the source is read once more.
  const again = shipment.digest === null ? digests : null
  await assertUnchanged(shipment, files, again, signal)
  if (shipment.digest !== null && shipment.digest !== digest) throw new Damaged(shipment)
  await verifyAll(files, digests, incoming, report, signal)
  await assertWhole(incoming, files, shipment.stateFile)
  const { deployment_id, created_at, ledger } = shipment
  const known = { ...ledger, deployment_id, created_at, digest }
  const manifest: Manifest = { ...known, files: Object.fromEntries(digests) }
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
      // Where it went away under the copy, that is what is said.
      if (!signal.aborted) await assertUnchanged(shipment, files, null, signal)
      throw error
    }
  }
  return digests
}

async function verifyAll(
  files: readonly SourceFile[],
  digests: ReadonlyMap<string, string>,
  folder: string,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  const [bytes_total, sizes] = [
    totalOf(files),
    new Map(files.map((file) => [file.name, file.bytes])),
  ]
  let bytes_done = 0
  const name = await differing(folder, digests, signal, (verified) => {
    bytes_done += sizes.get(verified) ?? 0
    report({ status: 'verifying', bytes_done, bytes_total })
  })
  if (name === undefined) return
  throw new Failure(
    `The copy of ${name} differs from the original, so nothing was shipped. Ship it again.`,
  )
}

/** The first file of a folder that is not what its digest says, or is not there. */
async function differing(
  folder: string,
  digests: ReadonlyMap<string, string>,
  signal: AbortSignal,
  verified: (name: string) => void = () => undefined,
): Promise<string | undefined> {
  for (const [name, digest] of digests) {
    const found = await fileDigest(join(folder, name), signal).catch((error: unknown) => {
      signal.throwIfAborted()
      if (systemCode(error) === 'ENOENT') return undefined
      throw error
    })
    if (found !== digest) return name
    verified(name)
  }
  return undefined
}

function totalOf(files: readonly SourceFile[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0)
}
