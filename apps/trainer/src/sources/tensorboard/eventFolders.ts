import { basename, dirname } from 'node:path'
import type { Listing } from '../../files/listing.ts'
import { listWeights } from '../weights/finder.ts'
import { findSiblingLogs } from './siblings.ts'

/** An event file has a time and host after `tfevents`. A folder may be named tfevents. */
const EVENTS = /(^|\/)[^/]*tfevents\.[^/]*$/
/** Folders of one run. Keras and many others write separate event files to them. */
export const WRITERS = ['', 'train', 'training', 'eval', 'val', 'valid', 'validation', 'test']
const RUN_FILES = /^(checkpoints|weights|trainer_state\.json|results\.csv|args\.yaml)$/
const DEEPEST = 4

/** Whether a folder is a separate run. */
export async function isRunFolder(listing: Listing, folder: string): Promise<boolean> {
  return (await listing.names(folder)).some((name) => RUN_FILES.test(name))
}

/** The event files directly in a folder. */
export async function findEventFiles(listing: Listing, folder: string): Promise<string[]> {
  const paths = (await listing.names(folder)).map((name) =>
    folder === '' ? name : `${folder}/${name}`,
  )
  return paths.filter((path) => EVENTS.test(path))
}

/**
 * Event files in folders below a run's root or beside it, from one writer or several that belong
 * together. None if they are of several runs, or if the root holds no weights.
 */
export async function findEventsElsewhere(listing: Listing, isHere: boolean): Promise<string[]> {
  const all = await foldersBelow(listing, '', 0)
  const below = isHere ? all.filter((folder) => !folder.includes('/') && /_/.test(folder)) : all
  const found = below.length > 0 || isHere ? below : await findSiblingLogs(listing)
  if (!isOneRun(found) || (!isHere && (await listWeights(listing)).length === 0)) return []
  const files: string[] = []
  for (const folder of found) files.push(...(await findEventFiles(listing, folder)))
  return files
}

/** Whether folders belong to one run: one folder, one per split or start, or those of `add_scalars`. */
function isOneRun(folders: readonly string[]): boolean {
  if (folders.length < 2) return folders.length === 1
  const names = folders.map((folder) => basename(folder))
  const parents = new Set(folders.map((folder) => dirname(folder)))
  if (parents.size > 1) return false
  const isCounted = names.every((name) => /^version_\d+$/.test(name))
  const isSplit = names.every((name) => WRITERS.includes(name))
  return (
    isCounted ||
    isSplit ||
    names.every((name) => /_(train|val|valid|validation|eval|test)$/i.test(name))
  )
}

async function foldersBelow(listing: Listing, inside: string, depth: number): Promise<string[]> {
  if (depth >= DEEPEST) return []
  const found: string[] = []
  for (const name of await listing.names(inside)) {
    if (/\.\w{1,5}$|^\.|^checkpoint/.test(name)) continue
    const folder = inside === '' ? name : `${inside}/${name}`
    const names = await listing.names(folder)
    if (names.length === 0) continue
    if (names.some((one) => RUN_FILES.test(one))) continue
    if (names.some((one) => EVENTS.test(one))) found.push(folder)
    else found.push(...(await foldersBelow(listing, folder, depth + 1)))
  }
  return found
}
