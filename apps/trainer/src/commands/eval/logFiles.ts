import { createHash } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { basename, join, relative } from 'node:path'
import { isUri } from '@bestmark/core'
import { absolutePath, resolveHome } from '@bestmark/db'
import { systemCode } from '../../failure.ts'

/** The folder in a run's root for the output of evaluation commands. */
const FOLDER = 'bestmark-eval'
const NOT_ALLOWED = new Set(['EACCES', 'EPERM', 'EROFS'])

/** Files for the output of a command for one checkpoint. */
export interface LogFiles {
  out: string
  err: string
}

/**
 * New log files under the run's root, or under the data folder if the root is not writable.
 */
export async function logFiles(root: string, checkpoint: string): Promise<LogFiles> {
  const name = new Date().toISOString().replaceAll(':', '-')
  const absolute = absolutePath(root, checkpoint)
  const inside = isUri(absolute) ? absolute.replaceAll(/[^\w.-]+/g, '-') : relative(root, absolute)
  const folder = await writableFolder(join(root, FOLDER, inside), inDataFolder(root, inside))
  return { out: join(folder, `${name}.out.log`), err: join(folder, `${name}.err.log`) }
}

async function writableFolder(folder: string, alternative: string): Promise<string> {
  try {
    await mkdir(folder, { recursive: true })
    return folder
  } catch (error) {
    if (!NOT_ALLOWED.has(systemCode(error) ?? '')) throw error
    await mkdir(alternative, { recursive: true })
    return alternative
  }
}

function inDataFolder(root: string, inside: string): string {
  const digest = createHash('sha256').update(root).digest('hex').slice(0, 8)
  return join(resolveHome(), FOLDER, `${basename(root)}-${digest}`, inside)
}
