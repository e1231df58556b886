import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import type { ListedFile } from './checkpointFiles.ts'
import { bytesOfStored, textOfStored } from './storedBytes.ts'
import type { FilesProblem } from './weights/bytes.ts'

const INDEX = /\.(safetensors|bin)\.index\.json$/
/** An index has one line per tensor; the longest known index has about 10 MB. */
const LONGEST_INDEX = 64 << 20
const Index = z.object({ weight_map: z.record(z.string(), z.string()) })
/** Such as `model-00001-of-00003.safetensors`. */
const NUMBERED = /^(.*)-(\d{5})-of-(\d{5})(\.[a-z]+|)$/

/** Torch's distributed checkpoints list their pieces in `.metadata`, which is written last. */
const PIECE = /\.distcp$/
const PIECES = /__\d+_\d+\.distcp/g
const METADATA = '.metadata'

/** Says which part of weights in several files is missing; null if none is. */
export async function missingShard(files: readonly ListedFile[]): Promise<FilesProblem | null> {
  const names = new Set(files.map(({ name }) => name))
  for (const file of files) {
    const problem = INDEX.test(file.name)
      ? await missingOfIndex(file, names)
      : missingOf(file, names)
    if (problem !== null) return problem
  }
  return missingPiece(files, names)
}

/** The metadata is a pickle, which may contain any program, so only file names are searched in it. */
async function missingPiece(
  files: readonly ListedFile[],
  names: Set<string>,
): Promise<FilesProblem | null> {
  const folders = new Set(
    files.filter(({ name }) => PIECE.test(name)).map(({ name }) => dirname(name)),
  )
  for (const folder of folders) {
    const path = join(folder, METADATA)
    const metadata = files.find(({ name }) => name === path)
    if (!metadata) {
      return { fault: 'save_unfinished', why: `${path} is missing: its save was cut short` }
    }
    if (metadata.bytes > LONGEST_INDEX) return unreadable(`${path} is too large to be metadata`)
    const parts = new Set((await latin1Of(metadata.path)).match(PIECES))
    const gone = [...parts].map((part) => join(folder, part)).filter((part) => !names.has(part))
    if (gone.length > 0) return absent(gone, parts.size)
  }
  return null
}

async function latin1Of(path: string): Promise<string> {
  return (await bytesOfStored(path, LONGEST_INDEX)).toString('latin1')
}

async function missingOfIndex(file: ListedFile, names: Set<string>): Promise<FilesProblem | null> {
  if (file.bytes > LONGEST_INDEX) return unreadable(`${file.name} is too large to be an index`)
  const index = Index.safeParse(parse(await textOfStored(file.path, LONGEST_INDEX)))
  if (!index.success) return unreadable(`${file.name} cannot be read`)
  const parts = new Set(Object.values(index.data.weight_map))
  const gone = [...parts].filter((part) => !names.has(join(dirname(file.name), part)))
  return gone.length === 0 ? null : absent(gone, parts.size)
}

/** Finds missing parts by the numbers in the names, which include the total. */
function missingOf({ name }: ListedFile, names: Set<string>): FilesProblem | null {
  const [, stem, , count, ending] = NUMBERED.exec(basename(name)) ?? []
  if (count === undefined) return null
  const parts = Array.from({ length: Number(count) }, (_, part) => {
    // TensorFlow counts from 0.
    const number = ending === '' ? part : part + 1
    return join(dirname(name), `${stem}-${String(number).padStart(5, '0')}-of-${count}${ending}`)
  })
  const gone = parts.filter((part) => !names.has(part))
  return gone.length === 0 ? null : absent(gone, parts.length)
}

function unreadable(why: string): FilesProblem {
  return { fault: 'shard_list_unreadable', why }
}

function absent(gone: readonly string[], all: number): FilesProblem {
  const [first = ''] = gone
  const why =
    gone.length === 1
      ? `${first} is missing`
      : `${gone.length} of its ${all} parts are missing, such as ${first}`
  return { fault: 'shard_missing', why }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
