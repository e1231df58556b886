import { join } from 'node:path'
import { Failure } from '../failure.ts'
import { inspectCheckpoint } from '../checkpoints/inspect.ts'
import { fileDigest } from '../checkpoints/digest.ts'
import { type SourceFile, sourceFiles } from '../checkpoints/sourceFiles.ts'

/** Where a checkpoint is copied from. */
interface Source {
  root: string
  /** Absolute path of the checkpoint. */
  source: string
}

/** The files that were copied are not those of one moment. */
class Changed extends Failure {
  constructor({ source }: Source, what: string) {
    super(
      `${source} changed during the copy (${what}), so nothing was shipped. ` +
        'Ship it again when no program writes to it.',
    )
  }
}

/**
 * Throws Changed where a checkpoint's files are no longer those that were copied, by their names,
 * sizes and times. Where `digests` are given the files are read once more and compared with them: a
 * write may leave the size and, on a coarse clock, the time.
 */
export async function assertUnchanged(
  from: Source,
  copied: readonly SourceFile[],
  digests: ReadonlyMap<string, string> | null,
  signal: AbortSignal,
): Promise<void> {
  const different = differenceOf(copied, await filesNow(from))
  if (different !== undefined) throw new Changed(from, different)
  if (digests === null) return
  for (const { name, from: path } of copied) {
    const digest = await fileDigest(path, signal)
    if (digest !== digests.get(name)) throw new Changed(from, `${name} has different bytes`)
  }
}

/** None where there is no such checkpoint any more. */
async function filesNow({ root, source }: Source): Promise<SourceFile[]> {
  return sourceFiles(root, source).catch(() => [])
}

function differenceOf(
  before: readonly SourceFile[],
  after: readonly SourceFile[],
): string | undefined {
  const then = new Map(before.map((file) => [file.name, file]))
  for (const { name, bytes, changed_at } of after) {
    const known = then.get(name)
    if (!known) return `${name} is new`
    if (known.bytes !== bytes) return `${name} had ${known.bytes} bytes and now has ${bytes}`
    if (known.changed_at !== changed_at) return `${name} was written again`
    then.delete(name)
  }
  const [gone] = then.keys()
  return gone === undefined ? undefined : `${gone} is missing`
}

/** Throws a Failure where a copy is not a whole checkpoint by itself, as its original was. */
export async function assertWhole(
  folder: string,
  files: readonly SourceFile[],
  stateFile: string | null,
): Promise<void> {
  const [only, ...others] = files
  const isFile = only !== undefined && others.length === 0 && only.isWhole
  const { files_state, files_why } = isFile
    ? await inspectCheckpoint(folder, join(folder, only.name), null)
    : await inspectCheckpoint(folder, folder, stateFile)
  if (files_state === 'complete') return
  throw new Failure(`The copy is ${files_state}: ${files_why}. Nothing was shipped. Ship it again.`)
}
