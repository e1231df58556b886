import { randomUUID } from 'node:crypto'
import { link, mkdir, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { checkpointDigest } from '../checkpoints/digest.ts'
import { totalOf } from '../checkpoints/serving/servingFiles.ts'
import { Failure, systemCode } from '../failure.ts'
import { copyFile } from './copy.ts'
import {
  assertNewest,
  makeCurrent,
  type ModelVersion,
  nameVersion,
  removeDrafts,
  syncFolder,
} from './current.ts'
import { describeFullDisk } from './diskSpace.ts'
import { type Manifest, manifestName, readManifest, writeManifest } from './manifest.ts'
import { differing, type Report } from './verification.ts'

/** A version whose files are live again under a new name. */
export interface RollBack extends ModelVersion {
  /** The folder of the earlier version; null if the ledger has none. */
  earlier: string | null
  /** What a person would ship instead, such as `checkpoint-500 of moby`. */
  what: string
  /** New facts of the manifest; the others are those of the earlier one. */
  ledger: Record<string, unknown>
  /** Called before anything becomes live; throws if another agent now does this. */
  assertOurs: () => Promise<void>
}

/**
 * Makes the files of an earlier version live again, as a version of its own, so that each entry of the
 * ledger has a folder. Files are linked, or copied where links are not possible. Returns the path of
 * the new version. Throws a Failure if the earlier files are gone or were changed; then `current` stays.
 */
export async function goBack(back: RollBack, report: Report, signal: AbortSignal): Promise<string> {
  const { modelFolder, version, deployment_id } = back
  const manifest = await earlierManifest(back)
  const incoming = join(modelFolder, `.incoming-${deployment_id}-${randomUUID().slice(0, 8)}`)
  const folder = join(modelFolder, version)
  try {
    await removeDrafts(back)
    await assertNewest(back)
    await mkdir(incoming, { recursive: true })
    await putFiles(back, manifest, incoming, report, signal)
    await back.assertOurs()
    await nameVersion(incoming, folder)
    await makeCurrent(back, back.assertOurs)
    return folder
  } catch (error) {
    throw describeFullDisk(error, modelFolder)
  } finally {
    await rm(incoming, { recursive: true, force: true }).catch(() => undefined)
  }
}

/** The manifest of the earlier version. Throws a Failure if that is gone. */
async function earlierManifest({ earlier, what }: RollBack): Promise<Manifest> {
  const manifest = earlier === null ? undefined : await readManifest(earlier)
  if (manifest) return manifest
  const where = earlier === null ? '' : ` from ${earlier}`
  throw new Failure(`The earlier files are gone${where}. Ship ${what} again instead.`)
}

async function putFiles(
  back: RollBack,
  manifest: Manifest,
  incoming: string,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  const { earlier, what, deployment_id, created_at } = back
  const digests = new Map(Object.entries(manifest.files))
  const files = await filesOf(earlier ?? '', [...digests.keys()], what)
  const bytes_total = totalOf(files)
  let bytes_done = 0
  const progress = (bytes: number): void => {
    bytes_done += bytes
    report({ status: 'copying', bytes_done, bytes_total })
  }
  progress(0)
  for (const file of files) {
    signal.throwIfAborted()
    await putFile(file, incoming, progress, signal)
  }
  report({ status: 'verifying', bytes_done: 0, bytes_total })
  const changed = await differing(incoming, digests, signal)
  if (changed !== undefined) {
    throw new Failure(
      `${join(earlier ?? '', changed)} was changed after it was shipped. Ship ${what} again instead.`,
    )
  }
  const facts = { ...manifest, ...back.ledger, digest: checkpointDigest(digests) }
  const name = manifestName([...digests.keys()])
  await writeManifest(join(incoming, name), { ...facts, deployment_id, created_at })
  await syncFolder(incoming)
}

/** Files of an earlier version with their sizes. Throws a Failure if one is missing. */
async function filesOf(folder: string, names: readonly string[], what: string) {
  return Promise.all(
    names.map(async (name) => {
      const from = join(folder, name)
      const found = await stat(from).catch((cause: unknown) => {
        if (systemCode(cause) !== 'ENOENT') throw cause
        throw new Failure(`${from} is gone. Ship ${what} again instead.`, { cause })
      })
      return { from, name, bytes: found.size, changed_at: found.mtimeMs, isWhole: false }
    }),
  )
}

/** Errors of file systems that cannot link a file there. */
const NO_LINK = ['EXDEV', 'EPERM', 'EMLINK', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP']

/** Links a file of an earlier version, which no program writes to, or copies it. */
async function putFile(
  file: Awaited<ReturnType<typeof filesOf>>[number],
  folder: string,
  progress: (bytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const to = join(folder, file.name)
  await mkdir(dirname(to), { recursive: true })
  try {
    await link(file.from, to)
    progress(file.bytes)
  } catch (error) {
    if (!NO_LINK.includes(systemCode(error) ?? '')) throw error
    await copyFile(file, folder, progress, signal)
  }
}
