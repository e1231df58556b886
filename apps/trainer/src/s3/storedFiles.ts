import { basename } from 'node:path'
import { type ListedObject, listObjects, objectAt } from './objects.ts'
import { type Opened, withStore } from './store.ts'

/** A file of a checkpoint in S3. */
interface StoredFile extends Omit<ListedObject, 'key'> {
  uri: string
  /** The path below the checkpoint, or the name of a checkpoint that is one file. */
  name: string
}

/** The files of a checkpoint in S3: all objects below a prefix, or one object. */
export interface StoredCheckpoint {
  isFile: boolean
  files: StoredFile[]
}

/**
 * Lists a checkpoint in S3, sorted by name, without reading its objects: everything below the URI, the
 * object itself, or the files of a TensorFlow checkpoint, whose path is only the beginning of their
 * names. Undefined if there is nothing. Throws StoreUnread.
 */
export async function listStored(
  uri: string,
  options: Parameters<typeof withStore>[2] = {},
): Promise<StoredCheckpoint | undefined> {
  return withStore(uri, (opened) => listIn(uri, opened), options)
}

/** Whether the name of an object can be the path of a file below a folder: it does not lead out of it. */
export function isFileName(name: string): boolean {
  const isPart = (part: string): boolean => !['', '.', '..'].includes(part)
  return !/[\\\0]/.test(name) && name.split('/').every(isPart)
}

async function listIn(uri: string, { bucket, key }: Opened): Promise<StoredCheckpoint | undefined> {
  const start = uri.replace(/\/+$/, '')
  const folder = key === '' ? '' : `${key}/`
  // The objects that mark folders hold nothing.
  const below = (await listObjects(bucket, folder)).filter((one) => !one.key.endsWith('/'))
  if (below.length > 0) {
    const files = below.map(({ key: full, ...facts }) => {
      const name = full.slice(folder.length)
      return { ...facts, name, uri: `${start}/${name}` }
    })
    return { isFile: false, files: files.sort((a, b) => (a.name < b.name ? -1 : 1)) }
  }
  if (key === '') return undefined
  const one = await objectAt(bucket, key)
  if (one) return { isFile: true, files: [{ ...facts(one), name: basename(key), uri: start }] }
  return filesOfPrefix(start, { bucket, key })
}

async function filesOfPrefix(
  start: string,
  { bucket, key }: Opened,
): Promise<StoredCheckpoint | undefined> {
  const found = (await listObjects(bucket, `${key}.`)).filter(({ key: full }) => {
    const end = full.slice(key.length)
    return end === '.index' || /^\.data-[^/]*$/.test(end)
  })
  if (!found.some(({ key: full }) => full === `${key}.index`)) return undefined
  const files = found.map((one) => {
    const end = one.key.slice(key.length)
    return { ...facts(one), name: `${basename(key)}${end}`, uri: `${start}${end}` }
  })
  return { isFile: false, files }
}

function facts({ key: _, ...rest }: ListedObject): Omit<ListedObject, 'key'> {
  return rest
}
