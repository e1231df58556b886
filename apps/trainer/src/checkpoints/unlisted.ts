import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { parsePythonJson, type EventOf } from '@bestmark/core'
import { z } from 'zod'
import { pathBelow } from '@bestmark/db/root'
import { systemCode } from '../failure.ts'
import { textOfFile } from '../files/runFile.ts'
import { inspectCheckpoint } from './inspect.ts'

/** The longest config.json that is read (bytes). */
const LONGEST_CONFIG = 1 << 20

/** The config.json of a recipe's checkpoint. Other programs do not write these fields. */
const CheckpointConfig = z.object({
  attempt: z.number().int().nonnegative(),
  step: z.number().int().nonnegative(),
})

/** A checkpoint that the board has. */
interface Listed {
  attempt: number
  path: string
}

/**
 * Complete checkpoints in a run's folder without a line in its journal, because the run was killed
 * between a save and its line. Only folders whose config.json has the attempt and the step count: a
 * guess might join weights of another run with an evaluation of this run.
 */
export async function unlistedCheckpoints(
  root: string,
  listed: readonly Listed[],
): Promise<EventOf<'checkpoint'>[]> {
  const logged = new Set(listed.map(({ attempt, path }) => `${attempt} ${pathBelow(root, path)}`))
  const found: EventOf<'checkpoint'>[] = []
  for (const path of await checkpointFolders(root)) {
    const config = await readConfig(join(root, path))
    if (!config || logged.has(`${config.attempt} ${path}`)) continue
    const seen = await inspectCheckpoint(root, path, 'trainer_state.json')
    if (seen.files_state !== 'complete') continue
    found.push({ type: 'checkpoint', ...config, path, epoch: null, at: null, role: null, ...seen })
  }
  return found
}

async function checkpointFolders(root: string): Promise<string[]> {
  try {
    return (await readdir(root)).filter((name) => /^checkpoint-\d+$/.test(name))
  } catch (error) {
    // The sweep reports missing files for each stored checkpoint.
    if (systemCode(error) !== undefined) return []
    throw error
  }
}

async function readConfig(folder: string): Promise<z.infer<typeof CheckpointConfig> | undefined> {
  const text = await textOfFile(join(folder, 'config.json'), LONGEST_CONFIG).catch(() => '')
  try {
    return CheckpointConfig.safeParse(parsePythonJson(text)).data
  } catch {
    return undefined
  }
}
