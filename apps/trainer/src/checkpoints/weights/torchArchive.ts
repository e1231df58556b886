import { bytesAt, type ByteSource } from './bytes.ts'
import { plainPickle, type PlainPickle } from './plainPickle.ts'
import type { Tensor } from './plainValues.ts'
import { bytesOfEntry, type ZipEntry, zipEntries } from './zipEntries.ts'

/** How much of an archive's pickle is read; tensors are outside it (bytes). */
const LARGEST = 8 << 20

/** The content of a torch file without the values of its tensors. */
export interface TorchArchive extends PlainPickle {
  /** A digest of all tensors: files with the same digest have the same numbers. */
  tensorsDigest: string
  /** Reads a tensor with one element; undefined if its type is not supported. */
  scalar: (tensor: Tensor) => Promise<number | undefined>
}

/** Reads the plain values of an archive that torch saved; undefined if it is not one. */
export async function torchArchive(
  file: ByteSource,
  bytes: number,
): Promise<TorchArchive | undefined> {
  const entries = await zipEntries(file, bytes)
  const main = entries?.find(({ name }) => /^[^/]+\/data\.pkl$/.test(name))
  if (!entries || !main) return undefined
  const content = await bytesOfEntry(file, main, LARGEST)
  if (!content) return undefined
  const folder = main.name.slice(0, -'data.pkl'.length)
  const stored = new Map(entries.map((entry) => [entry.name.slice(folder.length), entry] as const))
  const tensorsDigest = [...stored]
    .filter(([name]) => name.startsWith('data/'))
    .map(([name, { crc, packed }]) => `${name} ${crc} ${packed}`)
    .join(' ')
  return {
    ...plainPickle(content),
    tensorsDigest,
    scalar: (tensor) => scalarOf(file, stored.get(`data/${tensor.key}`), tensor),
  }
}

async function scalarOf(
  file: ByteSource,
  entry: ZipEntry | undefined,
  { storage, offset }: Tensor,
): Promise<number | undefined> {
  const kind = /(Float|Double|Half|BFloat16|Long|Int)Storage/.exec(storage)?.[1]
  const width = { Float: 4, Double: 8, Half: 2, BFloat16: 2, Long: 8, Int: 4 }[kind ?? '']
  if (!entry?.isStored || width === undefined) return undefined
  const local = await bytesAt(file, entry.offset, 30)
  if (local.length < 30) return undefined
  const start = entry.offset + 30 + local.readUInt16LE(26) + local.readUInt16LE(28)
  const value = await bytesAt(file, start + offset * width, width)
  return value.length < width ? undefined : number(value, kind ?? '')
}

function number(value: Buffer, kind: string): number | undefined {
  if (kind === 'Float') return value.readFloatLE()
  if (kind === 'Double') return value.readDoubleLE()
  if (kind === 'Long') return Number(value.readBigInt64LE())
  if (kind === 'Int') return value.readInt32LE()
  // BFloat16 is the upper half of a float.
  if (kind === 'BFloat16') return Buffer.from([0, 0, value[0] ?? 0, value[1] ?? 0]).readFloatLE()
  return undefined
}
