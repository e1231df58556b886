import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../failure.ts'
import { checkpointDigest } from '../integrity/digest.ts'
import { copyFile, digestOf, sourceFiles, type SourceFile } from './copy.ts'

/** One checkpoint to be shipped into the folder of a model. */
export interface Shipment {
  deployment_id: string
  /** The run's root; no file from outside of it is shipped. */
  root: string
  /** Absolute path of the checkpoint's folder. */
  source: string
  /** The folder of the model, which holds a folder a version and the link `current`. */
  modelFolder: string
  /** Name of the new version's folder. */
  version: string
  /** The digest that was taken of the checkpoint's files as they are; null where none was. */
  digest: string | null
  /** What is written beside the files, as `bestmark.json`. */
  ledger: Record<string, unknown>
  /** Asked before anything becomes live; throws where another agent ships it now. */
  stillOurs?: () => Promise<void>
}

export interface ShipmentProgress {
  status: 'copying' | 'verifying'
  bytes_done: number
  bytes_total: number
}

/** The bytes of a checkpoint are others than they were, though nobody wrote to its files. */
export class Damaged extends Failure {
  constructor({ source, digest }: Pick<Shipment, 'source' | 'digest'>) {
    super(
      `${source} was damaged on its disk: its SHA-256 is no longer ${digest}. Ship another one.`,
    )
  }
}

/**
 * Copies a checkpoint beside the live version, reads every byte back and compares digests, then
 * switches `current` in one rename, so that a reader sees the old version or the new one and
 * nothing between. Returns the path of the new version. Throws, and leaves what was live alone,
 * when a file cannot be copied or differs, and Damaged where it is not what was looked at; a shipment that was begun before is begun anew.
 */
export async function shipToFolder(
  shipment: Shipment,
  report: (progress: ShipmentProgress) => void,
  signal: AbortSignal,
): Promise<string> {
  const { modelFolder, version, deployment_id, ledger } = shipment
  // An agent that slept while another one took over must not write to the same files.
  const incoming = join(modelFolder, `.incoming-${deployment_id}-${randomUUID().slice(0, 8)}`)
  const place = join(modelFolder, version)
  const files = await sourceFiles(shipment.root, shipment.source)
  try {
    await removeLeft(modelFolder, deployment_id)
    await mkdir(incoming, { recursive: true })
    const digests = await copyAll(files, incoming, report, signal)
    const digest = checkpointDigest(digests)
    if (shipment.digest !== null && shipment.digest !== digest) throw new Damaged(shipment)
    await verifyAll(files, digests, incoming, report, signal)
    const manifest = { ...ledger, digest, files: Object.fromEntries(digests) }
    await writeFile(join(incoming, 'bestmark.json'), `${JSON.stringify(manifest, null, 2)}\n`)
    await shipment.stillOurs?.()
    await rm(place, { recursive: true, force: true })
    await rename(incoming, place)
    await switchCurrent(modelFolder, version)
    return place
  } finally {
    await rm(incoming, { recursive: true, force: true })
  }
}

/** What another agent left of the same deployment. */
async function removeLeft(modelFolder: string, deployment_id: string): Promise<void> {
  const names = await readdir(modelFolder).catch(() => [])
  for (const name of names.filter((one) => one.startsWith(`.incoming-${deployment_id}`))) {
    await rm(join(modelFolder, name), { recursive: true, force: true })
  }
}

/** The version that `current` names; undefined where nothing was shipped yet. */
export function currentVersion(modelFolder: string): Promise<string | undefined> {
  return readlink(join(modelFolder, 'current')).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
}

async function copyAll(
  files: readonly SourceFile[],
  folder: string,
  report: (progress: ShipmentProgress) => void,
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const bytes_total = files.reduce((sum, { bytes }) => sum + bytes, 0)
  let bytes_done = 0
  report({ status: 'copying', bytes_done, bytes_total })
  const digests = new Map<string, string>()
  for (const file of files) {
    const progress = (bytes: number): void => {
      bytes_done += bytes
      report({ status: 'copying', bytes_done, bytes_total })
    }
    digests.set(file.name, await copyFile(file, folder, progress, signal))
  }
  return digests
}

async function verifyAll(
  files: readonly SourceFile[],
  digests: ReadonlyMap<string, string>,
  folder: string,
  report: (progress: ShipmentProgress) => void,
  signal: AbortSignal,
): Promise<void> {
  const bytes_total = files.reduce((sum, { bytes }) => sum + bytes, 0)
  let bytes_done = 0
  for (const { name, bytes } of files) {
    const digest = await digestOf(join(folder, name), signal)
    if (digest !== digests.get(name)) {
      throw new Failure(`${name} differs after it was copied; nothing was switched. Ship it again.`)
    }
    bytes_done += bytes
    report({ status: 'verifying', bytes_done, bytes_total })
  }
}

/** A link cannot be changed in place; renaming another one over it can, in one step. */
async function switchCurrent(modelFolder: string, version: string): Promise<void> {
  const draft = join(modelFolder, `.current-${process.pid}`)
  await rm(draft, { force: true })
  await symlink(version, draft)
  await rename(draft, join(modelFolder, 'current'))
}
