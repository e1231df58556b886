import { join } from 'node:path'
import { rowsFrom, select } from '@bestmark/core'
import { torchFile } from '../checkpoints/testing.ts'
import { temporaryFolder, writeFiles } from '../testing.ts'
import { readRun } from './readRun.ts'

type Files = Readonly<Record<string, string | Uint8Array>>

/** Torch files of these names. */
export const weights = (names: readonly string[]): Record<string, Uint8Array> =>
  Object.fromEntries(names.map((name) => [name, torchFile({})]))

/** The choice in a folder with some files, and the rows that were read. */
export async function readFolder(files: Files, below = '.') {
  await using folder = await temporaryFolder()
  await writeFiles(folder.path, files)
  const { events } = await readRun(join(folder.path, below))
  const rows = rowsFrom(events)
  const { best, metric } = select({ policy: 'as_declared', ...rows })
  const steps = Object.fromEntries(rows.checkpoints.map(({ path, step }) => [path, step]))
  return { best: [best?.path, best?.step, metric, best?.value], rows, steps, events }
}

/** The path, step, metric and value of the best checkpoint in a folder with some files. */
export async function bestOf(files: Files, below = '.') {
  return (await readFolder(files, below)).best
}
