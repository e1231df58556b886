import { bytesOfEntry, zipEntries } from '../../checkpoints/weights/zipEntries.ts'
import { openHandle } from '../../files/runFile.ts'

/** A numpy array of numbers, flat in C order. */
export interface NumpyArray {
  shape: number[]
  values: number[]
}

/** Larger arrays are not logs (bytes). */
const LARGEST = 64 << 20
const MAGIC = '\u0093NUMPY'

/** The number arrays in an archive of `numpy.savez`; undefined if it is not one. */
export async function readNpzArrays(path: string): Promise<Map<string, NumpyArray> | undefined> {
  await using file = await openHandle(path)
  const entries = await zipEntries(file, (await file.stat()).size)
  if (!entries) return undefined
  const found = new Map<string, NumpyArray>()
  for (const entry of entries.filter(({ name }) => name.endsWith('.npy'))) {
    const bytes = await bytesOfEntry(file, entry, LARGEST)
    const array = bytes && arrayIn(bytes)
    if (array) found.set(entry.name.slice(0, -'.npy'.length), array)
  }
  return found
}

/** Parses an .npy file (NEP 1): magic, version, header length, header as a Python dictionary, numbers. */
function arrayIn(bytes: Buffer): NumpyArray | undefined {
  if (bytes.length < 12 || bytes.toString('latin1', 0, 6) !== MAGIC) return undefined
  const isShort = bytes[6] === 1
  const begin = isShort ? 10 : 12
  const start = begin + (isShort ? bytes.readUInt16LE(8) : bytes.readUInt32LE(8))
  const header = bytes.toString('latin1', begin, start)
  const [, kind = '', width = ''] = /'descr': '[<|]([fiub])(\d)'/.exec(header) ?? []
  const read = READERS.get(`${kind}${width}`)
  if (!read || header.includes("'fortran_order': True")) return undefined
  const shape = (/'shape': \(([^)]*)\)/.exec(header)?.[1] ?? '').match(/\d+/g)?.map(Number) ?? []
  const count = shape.reduce((product, one) => product * one, 1)
  if (start + count * Number(width) > bytes.length) return undefined
  const values = Array.from({ length: count }, (_, at) => read(bytes, start + at * Number(width)))
  return { shape, values }
}

const READERS = new Map<string, (bytes: Buffer, at: number) => number>([
  ['f8', (bytes, at) => bytes.readDoubleLE(at)],
  ['f4', (bytes, at) => bytes.readFloatLE(at)],
  ['i8', (bytes, at) => Number(bytes.readBigInt64LE(at))],
  ['i4', (bytes, at) => bytes.readInt32LE(at)],
  ['b1', (bytes, at) => bytes.readUInt8(at)],
])
