import { basename, dirname, join } from 'node:path'
import type { Listing } from '../../files/listing.ts'
import { isMarkedRun, listWeights } from '../weights/finder.ts'
import { hasEvents, overlapInTime } from './eventTimes.ts'
import { isOfRunBelow } from '../partNames.ts'
import { findSiblingLogs, findSiblingWeights } from '../siblingFolders.ts'
import { processOf, sortByTime } from './writers.ts'

/** An event file has a time and host after `tfevents`. A folder may be named tfevents. */
const EVENTS = /(^|\/)[^/]*tfevents\.[^/]*$/
/** Folders of one run. Keras and many others write separate event files to them. */
export const WRITERS = ['', 'train', 'training', 'eval', 'val', 'valid', 'validation', 'test']
const RUN_FILES = /^(checkpoints|weights|trainer_state\.json|results\.csv|args\.yaml)$/
const DEEPEST = 4
/** A folder per start: Lightning's `version_0`, and the folders of torch's SummaryWriter below `runs`. */
const STARTS = [/^version_\d+$/, /^[A-Z][a-z]{2}\d\d_\d\d-\d\d-\d\d_/]

/** Whether a folder is a separate run. */
export async function isRunFolder(listing: Listing, folder: string): Promise<boolean> {
  const names = listing.names(folder)
  return (
    isMarkedRun(join(listing.root, folder), names) || names.some((name) => RUN_FILES.test(name))
  )
}

/** The event files directly in a folder, in the order of their times. */
export async function findEventFiles(listing: Listing, folder: string): Promise<string[]> {
  const paths = listing.names(folder).map((name) => (folder === '' ? name : `${folder}/${name}`))
  return sortByTime(paths.filter((path) => EVENTS.test(path)))
}

/**
 * Event files in folders below a run's root or beside it, from one writer or several that belong
 * together. None if they belong to several runs, or if the root holds no weights.
 */
export async function findEventsElsewhere(listing: Listing, isHere: boolean): Promise<string[]> {
  const all = await ownFolders(listing, await foldersBelow(listing, '', 0))
  const below = isHere ? all.filter((folder) => !folder.includes('/') && /_/.test(folder)) : all
  const found =
    below.length > 0 || isHere ? below : await findSiblingLogs(listing, (name) => EVENTS.test(name))
  if (!isOneRun(found) || (!isHere && (await listWeights(listing)).length === 0)) return []
  const folders: string[][] = []
  for (const folder of found) folders.push(await findEventFiles(listing, folder))
  const [only] = found
  if (only !== undefined && found.length === 1 && !isHere)
    folders.push(...(await scalarsBelow(listing, only, folders.flat())))
  // Trainings at the same time are several runs. Splits of one run are written at the same time.
  if (isPerStart(found) && overlapInTime(listing.root, folders)) return []
  return isPerStart(found) ? sortByTime(folders.flat()) : folders.flat()
}

/** The event files that `add_scalars` of a writer wrote to folders below its own: `loss_val`. */
async function scalarsBelow(
  listing: Listing,
  folder: string,
  files: readonly string[],
): Promise<string[][]> {
  const writers = new Set(files.map(processOf))
  const found: string[][] = []
  for (const name of listing.names(folder)) {
    if (!name.includes('_')) continue
    const inner = await findEventFiles(listing, `${folder}/${name}`)
    if (inner.length > 0 && inner.every((file) => writers.has(processOf(file)))) found.push(inner)
  }
  return found
}

/** The folders whose events belong to no run below the root or beside them. */
async function ownFolders(listing: Listing, folders: readonly string[]): Promise<string[]> {
  const weights = folders.length > 0 ? await listWeights(listing) : []
  const own: string[] = []
  for (const folder of folders) {
    if (isOfRunBelow(folder, weights)) continue
    if ((await findSiblingWeights(join(listing.root, folder))) === undefined) own.push(folder)
  }
  return own
}

/** Whether folders belong to one run: one folder, one per split or start, or those of `add_scalars`. */
function isOneRun(folders: readonly string[]): boolean {
  if (folders.length < 2) return folders.length === 1
  const names = folders.map((folder) => basename(folder))
  const parents = new Set(folders.map((folder) => dirname(folder)))
  if (parents.size > 1) return false
  const isSplit = names.every((name) => WRITERS.includes(name))
  return (
    isPerStart(folders) ||
    isSplit ||
    names.every((name) => /_(train|training|val|valid|validation|eval|test)$/i.test(name))
  )
}

function isPerStart(folders: readonly string[]): boolean {
  return STARTS.some((start) => folders.every((folder) => start.test(basename(folder))))
}

async function foldersBelow(listing: Listing, inside: string, depth: number): Promise<string[]> {
  if (depth >= DEEPEST) return []
  const found: string[] = []
  for (const name of listing.names(inside)) {
    if (/\.\w{1,5}$|^\.|^checkpoint/.test(name)) continue
    const folder = inside === '' ? name : `${inside}/${name}`
    const names = listing.names(folder)
    if (names.length === 0) continue
    if (isMarkedRun(join(listing.root, folder), names) || names.some((one) => RUN_FILES.test(one)))
      continue
    const files = names.filter((one) => EVENTS.test(one))
    // A program that was only started leaves a file without values, and so does `add_scalars`, whose
    // values are in folders below.
    if (files.some((one) => hasEvents(listing.root, `${folder}/${one}`))) found.push(folder)
    else found.push(...(await foldersBelow(listing, folder, depth + 1)))
  }
  return found
}
