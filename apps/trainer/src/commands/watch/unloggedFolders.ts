import { basename, dirname } from 'node:path'

/** Folders that a run keeps its weights in. */
const PARTS = /^(checkpoint-\d+|checkpoints?|weights|models?|ckpts?|best|last|final|latest)$/i
/** The most folders that the message names. */
const MOST = 5

/** Names the folders that hold weights and belong to no run; undefined if there are none. */
export function unloggedText(
  folders: Iterable<string>,
  roots: Iterable<string>,
): string | undefined {
  const ofRuns = [...roots]
  const whole = [...folders].map((folder) =>
    PARTS.test(basename(folder)) ? dirname(folder) : folder,
  )
  const isOfRun = (folder: string): boolean =>
    ofRuns.some((root) => folder === root || folder.startsWith(`${root}/`))
  const found = [...new Set(whole)].filter((folder) => !isOfRun(folder))
  if (found.length === 0) return undefined
  const named = found.slice(0, MOST).join(', ')
  const more = found.length > MOST ? ` and ${found.length - MOST} more` : ''
  const what = found.length === 1 ? '1 folder holds' : `${found.length} folders hold`
  return `${what} weights but no log: ${named}${more}.`
}
