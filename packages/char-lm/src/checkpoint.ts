import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** The folder of a step's checkpoint, relative to the run's root. */
export function checkpointPath(step: number): string {
  return `checkpoint-${step}`
}

/** No reader takes this name for a checkpoint. */
const unfinished = (step: number) => `.${checkpointPath(step)}.unfinished`

/**
 * Writes a checkpoint whole or not at all: its files in the given order under another name, which
 * is then renamed. Replaces an existing checkpoint of the same step. Returns its path relative to
 * `root` and its size in bytes.
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

/** Removes unfinished checkpoints of a killed run. */
export function removeUnfinished(root: string): void {
  for (const name of readdirSync(root)) {
    if (/^\.checkpoint-\d+\.unfinished$/.test(name)) {
      rmSync(join(root, name), { recursive: true, force: true })
    }
  }
}
