import { createHash } from 'node:crypto'
import { mkdir, readlink, rm, symlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { resolveHome } from '@bestmark/db/home'
import { systemCode } from '../failure.ts'
import { Listing } from '../files/listing.ts'
import { findLogTrainings } from './logs/logFile.ts'
import { groupLogs, partOf } from './logs/logParts.ts'
import type { Part } from './reader/part.ts'
import type { Source } from './reader/source.ts'
import { KERAS } from './tables/keras.ts'
import { LOGS } from './logs/logs.ts'
import { findOutputLogs, TEXT_LOG } from './output/textLog.ts'
import { findSources } from './sources.ts'
import { findEventParts } from './tensorboard/eventParts.ts'
import { TENSORBOARD } from './tensorboard/tensorboard.ts'

/** The folder in the board's home for runs that share a folder with another one. */
const SHARED = 'shared-folders'

/**
 * The roots of further trainings whose logs are in the same folder: folders with links to their files.
 * The training that began first keeps the folder itself, with its weights.
 */
export async function findFurtherRoots(folder: string): Promise<string[]> {
  const roots: string[] = []
  for (const { label, files } of await findFurtherParts(new Listing(folder))) {
    const digest = createHash('sha256').update(`${folder}\n${files[0]}`).digest('hex').slice(0, 12)
    const root = join(resolveHome(), SHARED, digest, `${basename(folder)}-${label}`)
    for (const file of files) await link(join(root, basename(file)), join(folder, file))
    roots.push(root)
  }
  return roots
}

/** Whether several trainings wrote their logs to a folder. */
export async function hasFurtherParts(folder: string): Promise<boolean> {
  return (await findFurtherParts(new Listing(folder))).length > 0
}

/** The folder whose logs a further root links to; undefined for any other folder. */
export async function findSharedFolder(root: string): Promise<string | undefined> {
  if (basename(dirname(dirname(root))) !== SHARED) return undefined
  const [first] = new Listing(root).names()
  const target = first && (await readlink(join(root, first)).catch(() => undefined))
  return target === undefined || target === '' ? undefined : dirname(target)
}

async function findFurtherParts(listing: Listing): Promise<Part[]> {
  const [source] = await findSources(listing.root)
  const parts = await partsOf(source, listing)
  // The folder's own run may not be the first part: its program has a name for its table.
  const own = new Set(await source?.files(listing))
  const others = parts.filter(({ files }) => !files.some((file) => own.has(file)))
  const further = others.length < parts.length ? others : parts.slice(1)
  return further.filter(({ files }) => files.every((file) => !file.includes('/')))
}

async function partsOf(source: Source | undefined, listing: Listing): Promise<Part[]> {
  if (source === TENSORBOARD) return findEventParts(listing)
  if (source === TEXT_LOG) return groupLogs(listing, await findOutputLogs(listing), 'text')
  if (source !== LOGS && source !== KERAS) return []
  return (await findLogTrainings(listing)).map((files) => partOf(files.map(({ file }) => file)))
}

async function link(path: string, to: string): Promise<void> {
  const before = await readlink(path).catch(() => undefined)
  if (before === to) return
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  if (before !== undefined) await rm(path)
  // Another process may find the same run at once.
  await symlink(to, path).catch((error: unknown) => {
    if (systemCode(error) !== 'EEXIST') throw error
  })
}
