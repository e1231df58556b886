import { join } from 'node:path'
import { isUri } from '@bestmark/core'
import { Failure } from '../failure.ts'
import { inspectCheckpoint } from '../checkpoints/inspect.ts'
import { fileDigest } from '../checkpoints/digest.ts'
import { type SourceFile, sourceFiles } from '../checkpoints/sourceFiles.ts'

/** The checkpoint that is copied. */
interface Source {
  root: string
  /** Absolute path of the checkpoint. */
  source: string
}

/** The checkpoint changed during the copy. */
class Changed extends Failure {
  constructor({ source }: Source, what: string) {
    super(
      `${source} changed during the copy (${what}), so nothing was shipped. ` +
        'Ship it again when no program writes to it.',
    )
  }
}

/**
 * Throws Changed if a checkpoint's files differ from those before the copy in names, sizes or times.
 * Files with one of the `digests` are also read again and compared, because a write may keep the size
 * and, with a coarse clock, the time. The tag of an object changes with its bytes, so it is not read again.
 */
export async function assertUnchanged(
  from: Source,
  copied: readonly SourceFile[],
  digests: ReadonlyMap<string, string> | null,
  signal: AbortSignal,
): Promise<void> {
  const different = differenceOf(copied, await filesNow(from))
  if (different !== undefined) throw new Changed(from, different)
  if (digests === null || isUri(from.source)) return
  for (const { name, from: path } of copied) {
    const before = digests.get(name)
    if (before === undefined) continue
    if ((await fileDigest(path, signal)) !== before)
      throw new Changed(from, `${name} has different bytes`)
  }
}

/** Empty if the checkpoint no longer exists. Throws StoreUnread. */
async function filesNow({ root, source }: Source): Promise<SourceFile[]> {
  const files = sourceFiles(root, source)
  return isUri(source) ? files : files.catch(() => [])
}

function differenceOf(
  before: readonly SourceFile[],
  after: readonly SourceFile[],
): string | undefined {
  const then = new Map(before.map((file) => [file.name, file]))
  for (const { name, bytes, changed_at, etag } of after) {
    const old = then.get(name)
    if (!old) return `${name} is new`
    if (old.bytes !== bytes) return `${name} had ${old.bytes} bytes and now has ${bytes}`
    if (old.changed_at !== changed_at || old.etag !== etag) return `${name} was written again`
    then.delete(name)
  }
  const [gone] = then.keys()
  return gone === undefined ? undefined : `${gone} is missing`
}

/** Throws a Failure if the copy is not a complete checkpoint. */
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
