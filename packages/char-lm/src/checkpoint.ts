import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** The folder of a step's checkpoint, relative to the run's root. */
export function checkpointPath(step: number): string {
  return `checkpoint-${step}`
}

/** A name that no reader takes for a checkpoint. */
const unfinished = (step: number) => `.${checkpointPath(step)}.unfinished`

/**
 * Writes a checkpoint whole or not at all: under another name first, its files in the given order,
 * then renamed. One of the same step that already stands there is replaced. Returns its path
 * relative to `root` and its size.
 */
export function saveCheckpoint(
  root: string,
  step: number,
  files: Record<string, string | Uint8Array>,
): { path: string; bytes: number } {
  const folder = join(root, unfinished(step))
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  let bytes = 0
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(folder, name), content, { flush: true })
    bytes += Buffer.byteLength(content)
  }
  const path = checkpointPath(step)
  rmSync(join(root, path), { recursive: true, force: true })
  renameSync(folder, join(root, path))
  return { path, bytes }
}

/** Removes what a killed run had begun to save. */
export function removeUnfinished(root: string): void {
  for (const name of readdirSync(root)) {
    if (/^\.checkpoint-\d+\.unfinished$/.test(name)) {
      rmSync(join(root, name), { recursive: true, force: true })
    }
  }
}
