import { join } from 'node:path'
import { isUri } from '@bestmark/core'
import { checkpointDigest, fileDigest } from '../checkpoints/digest.ts'
import { Failure } from '../failure.ts'
import type { Cargo, Shipment } from './cargo.ts'
import { copyFile } from './copy.ts'
import { assertUnchanged, assertWhole } from './copyCheck.ts'
import { syncFolder } from './current.ts'
import { type Manifest, manifestName, writeManifest } from './manifest.ts'
import { type Report, verifyAll } from './verification.ts'
import { writeCard } from './writtenFiles.ts'

/** The bytes of a checkpoint changed, although no program wrote to its files. */
export class Damaged extends Failure {
  constructor({ source, digest }: Pick<Shipment, 'source' | 'digest'>) {
    super(
      `${source} was damaged on its disk: its SHA-256 is no longer ${digest}. Ship another checkpoint.`,
    )
  }
}

/**
 * Copies a checkpoint into a folder that is not live, with a model card and a manifest. Throws Damaged
 * if the digest is not the stored one, and a Failure if the source changed or the copy is not complete.
 */
export async function copyWhole(
  shipment: Shipment,
  cargo: Cargo,
  incoming: string,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  const { all, files, added, left_out, with_training_state } = cargo
  const copied = await copyAll(shipment, cargo, incoming, report, signal)
  const source_digest = await assertSource(shipment, cargo, copied, signal)
  await verifyAll([...files, ...added], copied, incoming, report, signal)
  const { stateFile, deployment_id, created_at, ledger, card, contents = 'whole' } = shipment
  const isLeft = left_out.some(({ name }) => name === stateFile)
  await assertWhole(incoming, files, isLeft ? null : stateFile)
  const written = card
    ? await writeCard(card, incoming, [...files, ...added], signal)
    : new Map<string, string>()
  const digests = new Map([...copied, ...written])
  const facts = { ...ledger, deployment_id, created_at, contents }
  const manifest: Manifest = {
    ...{ ...facts, digest: checkpointDigest(digests), source_digest },
    ...{ left_out, with_training_state, written: [...written.keys()] },
    added: added.map(({ name, from }) => ({ name, from })),
    files: Object.fromEntries(digests),
  }
  const names = [...all.map(({ name }) => name), ...digests.keys()]
  await writeManifest(join(incoming, manifestName(names)), manifest)
  await syncFolder(incoming)
}

/**
 * Checks that the source is what was copied. Returns the digest of all its files; null if files were
 * left out and no digest is stored, or they are objects, because then they were not read.
 */
async function assertSource(
  shipment: Shipment,
  { all, files, left_out }: Cargo,
  copied: ReadonlyMap<string, string>,
  signal: AbortSignal,
): Promise<string | null> {
  // Without a stored digest, reading the source again shows whether it changed during the copy.
  const again = shipment.digest === null ? copied : null
  await assertUnchanged(shipment, all, again, signal)
  const isUnread = shipment.digest === null || isUri(shipment.source)
  if (isUnread && left_out.length > 0) return null
  const digests = new Map(files.map(({ name }) => [name, copied.get(name) ?? '']))
  const left = new Set(left_out.map(({ name }) => name))
  // The stored digest is one of all files, so those that are not copied are read, too.
  for (const { name, from } of all)
    if (left.has(name)) digests.set(name, await fileDigest(from, signal))
  const digest = checkpointDigest(digests)
  if (shipment.digest !== null && shipment.digest !== digest) throw new Damaged(shipment)
  return digest
}

async function copyAll(
  shipment: Shipment,
  { all, files, added, bytes: bytes_total }: Cargo,
  folder: string,
  report: Report,
  signal: AbortSignal,
): Promise<Map<string, string>> {
  let bytes_done = 0
  report({ status: 'copying', bytes_done, bytes_total })
  const digests = new Map<string, string>()
  for (const file of [...files, ...added]) {
    const progress = (bytes: number): void => {
      bytes_done += bytes
      report({ status: 'copying', bytes_done, bytes_total })
    }
    try {
      digests.set(file.name, await copyFile(file, folder, progress, signal))
    } catch (error) {
      // If the checkpoint changed during the copy, that is the better error.
      const isLocal = !isUri(shipment.source)
      if (!signal.aborted && isLocal) await assertUnchanged(shipment, all, null, signal)
      throw error
    }
  }
  return digests
}
