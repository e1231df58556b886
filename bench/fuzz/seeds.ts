import { readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bytesOfFile } from '../../apps/trainer/src/files/runFile.ts'
import { HOSTILE, type HostileRun } from '../../apps/trainer/src/sources/hostileTesting.ts'

/** A run's files by path. */
export type Files = HostileRun['files']

const FIXTURES = fileURLToPath(new URL('../../apps/trainer/src/sources/fixtures/', import.meta.url))
const STORIES = fileURLToPath(new URL('../../apps/trainer/stories/', import.meta.url))
/** Folders, each with one run. */
const RUNS = [
  ...['dvclive', 'huggingface', 'keras', 'lightning/version_0', 'results'],
  ...['tensorboard/keras', 'tensorboard/lightning', 'trl/dpo', 'trl/grpo', 'trl/reward', 'trl/sft'],
].map((name) => join(FIXTURES, name))

/** Every run that is mutated: the fixtures, the recorded examples, and runs that are odd already. */
export async function seeds(): Promise<Map<string, Files>> {
  const found = new Map(Object.entries(HOSTILE).map(([name, { files }]) => [name, files]))
  const stories = (await readdir(STORIES)).map((name) => join(STORIES, name))
  for (const folder of [...RUNS, ...stories]) {
    found.set(relative(join(FIXTURES, '../../apps/trainer'), folder), await filesIn(folder))
  }
  return found
}

async function filesIn(folder: string): Promise<Files> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name))
  const read = paths.map(async (path) => [relative(folder, path), await bytesOfFile(path)] as const)
  return Object.fromEntries(await Promise.all(read))
}
