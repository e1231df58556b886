import { stat } from 'node:fs/promises'

/**
 * Stands for a folder wherever it is moved on its file system: device, number and birth. Null where
 * there is no folder, or where the file system does not tell its birth, since numbers are used again.
 */
export async function folderId(path: string): Promise<string | null> {
  const seen = await stat(path, { bigint: true }).catch(() => undefined)
  if (!seen?.isDirectory() || seen.birthtimeNs <= 0n) return null
  return `${seen.dev}:${seen.ino}:${seen.birthtimeNs}`
}
