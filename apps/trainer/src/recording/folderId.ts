import { stat } from 'node:fs/promises'

/**
 * The id of a folder, which stays when the folder is moved: device, inode and birth time. Null if
 * there is no folder or no birth time: without it a reused inode would look like the old folder.
 */
export async function folderId(path: string): Promise<string | null> {
  const seen = await stat(path, { bigint: true }).catch(() => undefined)
  if (!seen?.isDirectory() || seen.birthtimeNs <= 0n) return null
  return `${seen.dev}:${seen.ino}:${seen.birthtimeNs}`
}
