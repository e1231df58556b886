import { readdir } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { databaseFailure, endCheck, openCheck, type Database, type OpenCheck } from '@bestmark/db'
import { checkpointDigest, fileDigest } from '../checkpoints/digest.ts'
import { errorText, systemCode } from '../failure.ts'
import { readTargets } from '../targets/configuration.ts'
import { currentVersion } from './current.ts'
import { manifestName, readManifest } from './manifest.ts'

type Found = Parameters<typeof endCheck>[2]

/** As many files are listed in a result. */
const MOST = 10

/** Does the oldest check that was ordered on this host; returns whether there was one. */
export async function checkNext(
  db: Database,
  { host_id, home }: { host_id: string; home: string },
  signal: AbortSignal,
): Promise<boolean> {
  const check = await openCheck(db, host_id)
  if (!check) return false
  let found: Found
  try {
    found = await checkShipped(check, home, signal)
  } catch (error) {
    // The next agent does it.
    if (signal.aborted) return true
    if (databaseFailure(error) !== undefined) throw error
    found = { state: 'failed', detail: errorText(error) }
  }
  await endCheck(db, check, found)
  return true
}

/** Checks the files at the target of a version, if it keeps them, and then those of this host. */
async function checkShipped(check: OpenCheck, home: string, signal: AbortSignal): Promise<Found> {
  const { absolute_path, target, model_name, deployment_id } = check
  const options = (await readTargets(home)).get(target)
  const manifest = await readManifest(absolute_path)
  if (options?.kind === 's3' && manifest) {
    const { checkBucket } = await import('../targets/s3Check.ts')
    const { files } = manifest
    const found = await checkBucket(options, { model_name, deployment_id, files }, signal)
    if (found.state === 'differs') return { state: 'differs', detail: listed(found.faults) }
    if (found.state !== 'same') return found
  }
  return checkVersion(check, signal)
}

/** Compares the files of a version with its manifest, and the manifest with the ledger. */
async function checkVersion(
  check: Pick<OpenCheck, 'absolute_path' | 'digest'>,
  signal: AbortSignal,
): Promise<Found> {
  const { absolute_path: folder, digest } = check
  const manifest = await readManifest(folder)
  if (!manifest) return { state: 'gone', detail: folder }
  const digests = new Map(Object.entries(manifest.files))
  const faults = await faultsOf(folder, digests, signal)
  const isOther = digest !== null && checkpointDigest(digests) !== digest
  if (isOther) faults.unshift('the manifest is not the one of the ledger')
  if (faults.length > 0) return { state: 'differs', detail: listed(faults) }
  const current = await currentVersion(dirname(folder))
  if (current === basename(folder)) return { state: 'same', detail: null }
  return { state: 'not_current', detail: current ?? null }
}

async function faultsOf(
  folder: string,
  digests: ReadonlyMap<string, string>,
  signal: AbortSignal,
): Promise<string[]> {
  const faults: string[] = []
  for (const [name, digest] of digests) {
    const found = await fileDigest(join(folder, name), signal).catch((error: unknown) => {
      if (systemCode(error) === 'ENOENT') return undefined
      throw error
    })
    if (found === undefined) faults.push(`${name} is missing`)
    else if (found !== digest) faults.push(`${name} has other bytes`)
  }
  const known = new Set([...digests.keys(), manifestName([...digests.keys()])])
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    const name = relative(folder, join(entry.parentPath, entry.name))
    if (!entry.isDirectory() && !known.has(name)) faults.push(`${name} was added`)
  }
  return faults
}

function listed(faults: readonly string[]): string {
  const more = faults.length - MOST
  return [...faults.slice(0, MOST), ...(more > 0 ? [`and ${more} more`] : [])].join('; ')
}
