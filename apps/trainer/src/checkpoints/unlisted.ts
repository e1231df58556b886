import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { parsePythonJson, type EventOf } from '@bestmark/core'
import { z } from 'zod'
import { pathBelow } from '@bestmark/db/root'
import { systemCode } from '../failure.ts'
import { textOfFile } from '../files/runFile.ts'
import { inspectCheckpoint } from './inspect.ts'

/** A checkpoint's own words are short (bytes). */
const LONGEST_CONFIG = 1 << 20

/** What a checkpoint of a recipe says of itself in its config.json; other programs' do not say it. */
const Own = z.object({
  attempt: z.number().int().nonnegative(),
  step: z.number().int().nonnegative(),
})

/** A checkpoint that somebody told of. */
interface Listed {
  attempt: number
  path: string
}

/**
 * The whole checkpoints in a run's folder that its journal does not tell of, since the run was
 * killed between a save and its line. A folder counts only where it says itself which attempt and
 * step it is of: a guess might give another run's weights the evaluation of this one.
 */
export async function unlistedCheckpoints(
  root: string,
  listed: readonly Listed[],
): Promise<EventOf<'checkpoint'>[]> {
  const known = new Set(listed.map(({ attempt, path }) => `${attempt} ${pathBelow(root, path)}`))
  const found: EventOf<'checkpoint'>[] = []
  for (const path of await checkpointFolders(root)) {
    const own = await ownWords(join(root, path))
    if (!own || known.has(`${own.attempt} ${path}`)) continue
    const seen = await inspectCheckpoint(root, path, 'trainer_state.json')
    if (seen.files_state !== 'complete') continue
    found.push({ type: 'checkpoint', ...own, path, epoch: null, at: null, role: null, ...seen })
  }
  return found
}

async function checkpointFolders(root: string): Promise<string[]> {
  try {
    return (await readdir(root)).filter((name) => /^checkpoint-\d+$/.test(name))
  } catch (error) {
    // What became of the listed ones is told for each of them.
    if (systemCode(error) !== undefined) return []
    throw error
  }
}

async function ownWords(folder: string): Promise<z.infer<typeof Own> | undefined> {
  const text = await textOfFile(join(folder, 'config.json'), LONGEST_CONFIG).catch(() => '')
  try {
    return Own.safeParse(parsePythonJson(text)).data
  } catch {
    return undefined
  }
}
