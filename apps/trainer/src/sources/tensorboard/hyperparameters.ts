import { join } from 'node:path'
import type { Listing } from '../../files/folder.ts'
import { systemCode } from '../../failure.ts'
import { openHandle } from '../../files/runFile.ts'
import { type Settings, settingsIn } from '../config/settings.ts'
import { eventsIn } from './eventFolders.ts'
import { hyperparametersIn } from './tfEvent.ts'
import { recordsIn } from './tfrecord.ts'

/** Hyperparameters stand at the beginning of an event file (bytes). */
const READ = 256 << 10
/** So many event files are looked into. */
const MOST_FILES = 20

/** Event files in a run's root, and in the folders that `add_hparams` makes beside them. */
export async function hyperparameterFiles(listing: Listing): Promise<string[]> {
  const own = await eventsIn(listing, '')
  if (own.length === 0) return []
  const files = [...own]
  // SummaryWriter names each folder by the time in seconds.
  const folders = (await listing.names()).filter((name) => /^\d{9,}(\.\d+)?$/.test(name))
  for (const folder of folders) files.push(...(await eventsIn(listing, folder)))
  return files.slice(0, MOST_FILES)
}

/** How much of an event file is looked into; it stays the same while the rest of the file grows (bytes). */
export function hyperparameterBytes(size: number): number {
  return Math.min(size, READ)
}

/** The hyperparameters that TensorBoard's hparams plugin keeps in an event file. */
export async function hyperparameters(root: string, path: string): Promise<Settings> {
  try {
    await using file = await openHandle(join(root, path))
    const { buffer, bytesRead } = await file.read(Buffer.alloc(READ), 0, READ, 0)
    const { spans } = recordsIn(buffer.subarray(0, bytesRead), bytesRead)
    for (const [from, to] of spans) {
      const found = hyperparametersIn(buffer, from, to)
      if (found) return settingsIn(found)
    }
    return {}
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return {}
  }
}
