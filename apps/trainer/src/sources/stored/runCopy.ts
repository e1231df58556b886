import { mkdir, mkdtemp, open, realpath, rm, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { s3Address } from '@bestmark/core'
import pLimit from 'p-limit'
import { isWeights } from '../../checkpoints/weights/weights.ts'
import { Failure } from '../../failure.ts'
import { rangeOf } from '../../s3/objectReader.ts'
import { withStore } from '../../s3/store.ts'
import { isFileName, listStored } from '../../s3/storedFiles.ts'

/** How much of the beginning and of the end of weights is read (bytes); archives list their parts at the end. */
const END = 256 * 1024
/** How much one request reads (bytes). */
const PIECE = 8 * 1024 ** 2
/** The most that is read of one run (bytes, objects). */
const MOST = { bytes: 1024 ** 3, objects: 20_000 }
const AT_ONCE = 8

/** A copy of a run in S3, for its readers. */
export interface RunCopy extends AsyncDisposable {
  /** The folder of the copy, whose name is that of the run. */
  folder: string
}

type Stored = NonNullable<Awaited<ReturnType<typeof listStored>>>['files'][number]

/**
 * Copies a run from S3 to a folder of temporary files, which is removed afterwards: its logs whole, and
 * of weights only both ends. The rest of them is a hole, so their sizes are right. Times are those of the
 * objects. Throws StoreUnread, and a Failure if there is no run or it is too large.
 */
export async function copyRun(uri: string): Promise<RunCopy> {
  assertInside(uri)
  const found = await listStored(uri)
  if (!found) throw new Failure(`There is nothing at ${uri}.`)
  const files = found.isFile ? [] : filesOnly(found.files)
  if (files.length === 0) throw new Failure(`${uri} is no folder. Name the folder of the run.`)
  assertSmall(uri, files)
  const top = await realpath(await mkdtemp(join(tmpdir(), 'bestmark-s3-')))
  const copy = { folder: folderOf(top, uri), [Symbol.asyncDispose]: () => rm(top, REMOVAL) }
  const atOnce = pLimit(AT_ONCE)
  let isFailed = false
  const copies = files.map((file) =>
    atOnce(async () => void (isFailed || (await copyFile(file, copy.folder)))),
  )
  try {
    await Promise.all(copies)
    return copy
  } catch (error) {
    isFailed = true
    // What is still being copied would come back after the removal.
    await Promise.allSettled(copies)
    await copy[Symbol.asyncDispose]()
    throw error
  }
}

/** Throws a Failure if the names in a URI would lead out of the copy. */
function assertInside(uri: string): void {
  const part = uri.split('/').find((one) => one === '.' || one === '..')
  if (part === undefined) return
  throw new Failure(`${uri} has the part "${part}". Write the URI without it.`)
}

/** The objects that can be files. A store may have an object and a folder of one name; the folder counts. */
function filesOnly(files: readonly Stored[]): Stored[] {
  const named = files.filter(({ name }) => isFileName(name))
  const folders = new Set(named.flatMap(({ name }) => foldersAbove(name)))
  return named.filter(({ name }) => !folders.has(name))
}

function foldersAbove(name: string): string[] {
  const parts = name.split('/').slice(0, -1)
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'))
}

const REMOVAL = { recursive: true, force: true }

/** The names of folders above a run are evidence, too. */
function folderOf(top: string, uri: string): string {
  const { bucket = '', key = '' } = s3Address(uri) ?? {}
  return join(top, bucket, ...key.split('/').filter((part) => part !== ''))
}

function assertSmall(uri: string, files: readonly Stored[]): void {
  const bytes = files.reduce(
    (sum, file) => sum + spansOf(file).reduce((n, one) => n + one.length, 0),
    0,
  )
  if (bytes <= MOST.bytes && files.length <= MOST.objects) return
  const size = `${files.length} objects, of which ${bytes} bytes would be read`
  throw new Failure(`${uri} has ${size}. Name the folder of one run.`)
}

/** The parts of a file that are read. */
function spansOf({ name, bytes }: Stored): { from: number; length: number }[] {
  if (!isWeights(name) || bytes <= 2 * END) return [{ from: 0, length: bytes }]
  return [
    { from: 0, length: END },
    { from: bytes - END, length: END },
  ]
}

async function copyFile(file: Stored, folder: string): Promise<void> {
  const path = join(folder, file.name)
  await mkdir(dirname(path), { recursive: true })
  await using handle = await open(path, 'wx')
  await handle.truncate(file.bytes)
  for (const { from, length } of spansOf(file)) {
    for (let at = from; at < from + length; at += PIECE) {
      const range = {
        from: at,
        length: Math.min(PIECE, from + length - at),
        etag: file.etag || null,
      }
      const { bytes } = await withStore(file.uri, ({ bucket, key }) => rangeOf(bucket, key, range))
      await handle.write(bytes, 0, bytes.length, at)
    }
  }
  const at = new Date(file.changed_at)
  await utimes(path, at, at)
}
