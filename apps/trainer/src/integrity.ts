import type { FilesState } from '@bestmark/core'
import { open, readdir, realpath, stat } from 'node:fs/promises'
import { basename, join, resolve, sep } from 'node:path'
import { systemCode } from './failure.ts'
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
const NOT_WEIGHTS =
  /^(optimizer|scheduler|scaler|rng_state|training_args|trainer_state)|optim_states/
const INCOMPLETE_MARKER = 'checkpoint-is-incomplete.txt'
/** An LFS pointer is about 130 bytes. */
const POINTER_BYTES = 1024

interface SeenFile {
  path: string
  bytes: number
}

/** Codes that tell of this one folder; any other, such as too many open files, tells of nothing. */
const OF_THE_FOLDER: Record<string, string> = {
  EACCES: 'this user may not read it',
  EPERM: 'this user may not read it',
  ELOOP: 'its links lead in a loop',
  ENOTDIR: 'it is a file, not a folder',
}

/**
 * Looks at a checkpoint of a run: complete means inside the run's root with links resolved, no
 * marker of an interrupted save, the state file that the program writes last (where `stateFile`
 * names one), and weights that are not empty. Throws where looking itself fails.
 */
export async function inspectCheckpoint(
  root: string,
  path: string,
  stateFile: string | null,
): Promise<FilesSeen> {
  const checked_at = Date.now()
  const seen = (files_state: FilesState, files_why: string | null, bytes: number | null = null) => {
    return { files_state, files_why, bytes, checked_at }
  }
  try {
    const folder = await realpath(resolve(root, path))
    if (!isInside(await realpath(root), folder)) {
      return seen('broken', `it leads out of the run's folder to ${folder}`)
    }
    const files = await filesIn(folder)
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
    const why = await whyBroken(files, stateFile)
    return seen(why === null ? 'complete' : 'broken', why, bytes)
  } catch (error) {
    const code = systemCode(error) ?? ''
    if (code === 'ENOENT') return seen('missing', 'the folder is gone')
    const why = OF_THE_FOLDER[code]
    if (why === undefined) throw error
    return seen('broken', why)
  }
}

/** Whether a resolved path is a folder or below it. */
export function isInside(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep)
}

async function whyBroken(
  files: readonly SeenFile[],
  stateFile: string | null,
): Promise<string | null> {
  const names = new Set(files.map(({ path }) => basename(path)))
  if (names.has(INCOMPLETE_MARKER)) return 'its save was cut short'
  if (stateFile !== null && !names.has(stateFile)) {
    return `${stateFile} is missing: its save was cut short`
  }
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

/** Every file below a folder with its size; a link that leads nowhere has none. */
async function filesIn(folder: string): Promise<SeenFile[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true })
  const files = entries.filter((entry) => !entry.isDirectory())
  return Promise.all(files.map(({ parentPath, name }) => fileSeen(join(parentPath, name))))
}

async function fileSeen(path: string): Promise<SeenFile> {
  const found = await stat(path).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  })
  return { path, bytes: found?.size ?? 0 }
}

async function head(path: string): Promise<string> {
  await using file = await open(path)
  const { buffer, bytesRead } = await file.read(Buffer.alloc(64), 0, 64, 0)
  return buffer.toString('latin1', 0, bytesRead)
}
