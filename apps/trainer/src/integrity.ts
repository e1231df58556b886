import type { FilesState } from '@bestmark/core'
import { open, readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { isLfsPointer } from './sources/trainerState.ts'

/** What a look at a checkpoint's files found. */
export interface FilesSeen {
  files_state: FilesState
  files_why: string | null
  /** Bytes of all files. */
  bytes: number | null
  /** When it was looked at, in milliseconds since the epoch. */
  checked_at: number
}

const WEIGHTS = /\.(safetensors|bin|pt|pth|ckpt|gguf|h5|keras|msgpack|npz|distcp)$/
const NOT_WEIGHTS = /^(optimizer|scheduler|scaler|rng_state|training_args|trainer_state)/
const INCOMPLETE_MARKER = 'checkpoint-is-incomplete.txt'
/** An LFS pointer is about 130 bytes. */
const POINTER_BYTES = 1024

interface SeenFile {
  path: string
  bytes: number
}

/**
 * Looks at a checkpoint folder: complete means no marker of an interrupted save, the state file
 * that the program writes last (where `stateFile` names one), and weights that are not empty.
 */
export async function inspectCheckpoint(
  folder: string,
  stateFile: string | null,
): Promise<FilesSeen> {
  const checked_at = Date.now()
  const files = await filesIn(folder)
  if (!files) {
    return { files_state: 'missing', files_why: 'the folder is gone', bytes: null, checked_at }
  }
  const files_why = await whyBroken(files, stateFile)
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  return { files_state: files_why === null ? 'complete' : 'broken', files_why, bytes, checked_at }
}

async function whyBroken(files: readonly SeenFile[], stateFile: string | null) {
  const names = new Set(files.map(({ path }) => basename(path)))
  if (names.has(INCOMPLETE_MARKER)) return 'its save was cut short'
  if (stateFile !== null && !names.has(stateFile))
    return `${stateFile} is missing: its save was cut short`
  const weights = files.filter(({ path }) => isWeights(basename(path)))
  if (weights.length === 0) return 'it holds no weights'
  for (const { path, bytes } of weights) {
    if (bytes === 0) return `${basename(path)} is empty`
    if (bytes < POINTER_BYTES && isLfsPointer(await head(path))) {
      return `${basename(path)} is a Git LFS pointer, not the weights`
    }
  }
  return null
}

function isWeights(name: string): boolean {
  return WEIGHTS.test(name) && !NOT_WEIGHTS.test(name)
}

/** Every file below a folder with its size; undefined where there is no folder. */
async function filesIn(folder: string): Promise<SeenFile[] | undefined> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
      throw error
    },
  )
  if (!entries) return undefined
  const files = entries.filter((entry) => !entry.isDirectory())
  return Promise.all(files.map(({ parentPath, name }) => seen(join(parentPath, name))))
}

async function seen(path: string): Promise<SeenFile> {
  const found = await stat(path).catch(() => undefined)
  return { path, bytes: found?.size ?? 0 }
}

async function head(path: string): Promise<string> {
  await using file = await open(path)
  const { buffer, bytesRead } = await file.read(Buffer.alloc(64), 0, 64, 0)
  return buffer.toString('latin1', 0, bytesRead)
}
