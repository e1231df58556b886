import { join } from 'node:path'
import type { Listing } from '../../files/listing.ts'
import { systemCode } from '../../failure.ts'
import { openHandle } from '../../files/runFile.ts'
import { type RunOptions, optionsIn } from '../config/runOptions.ts'
import { findEventFiles } from './eventFolders.ts'
import { parseHyperparameters } from './tfEvent.ts'
import { findRecords } from './tfrecord.ts'

/** Hyperparameters are at the start of an event file (bytes). */
const READ = 256 << 10
/** At most this many event files are searched. */
const MOST_FILES = 20

/** Event files in a run's root, and in the folders of `add_hparams` beside them. */
export async function findHyperparameterFiles(listing: Listing): Promise<string[]> {
  const inRoot = await findEventFiles(listing, '')
  if (inRoot.length === 0) return []
  const files = [...inRoot]
  // SummaryWriter names these folders by the time in seconds.
  const folders = listing.names().filter((name) => /^\d{9,}(\.\d+)?$/.test(name))
  for (const folder of folders) files.push(...(await findEventFiles(listing, folder)))
  return files.slice(0, MOST_FILES)
}

/** How much of an event file is searched (bytes). It stays the same while the file grows. */
export function hyperparameterBytes(size: number): number {
  return Math.min(size, READ)
}

/** The hyperparameters of TensorBoard's hparams plugin in an event file. */
export async function readHyperparameters(root: string, path: string): Promise<RunOptions> {
  try {
    await using file = await openHandle(join(root, path))
    const { buffer, bytesRead } = await file.read(Buffer.alloc(READ), 0, READ, 0)
    const { spans } = findRecords(buffer.subarray(0, bytesRead), bytesRead)
    for (const [from, to] of spans) {
      const found = parseHyperparameters(buffer, from, to)
      if (found) return optionsIn(found)
    }
    return {}
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return {}
  }
}
