import { bytesText } from '@bestmark/core'
import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Failure, systemCode } from '../failure.ts'

/** Throws a Failure if the disk of a folder has too little space. The folder may not exist yet. */
export async function assertFreeSpace(folder: string, bytes: number): Promise<void> {
  const free = await freeBytes(folder)
  if (free === undefined || BigInt(bytes) <= free) return
  const sizes = `the checkpoint needs ${bytesText(bytes)}, and ${bytesText(Number(free))} are free`
  throw new Failure(
    `The disk of ${folder} has too little space: ${sizes}. ` +
      'Remove files there, such as old versions, and ship again.',
  )
}

/** How many bytes this user may still write there; undefined if the file system does not say. */
async function freeBytes(folder: string): Promise<bigint | undefined> {
  try {
    const { bavail, bsize } = await statfs(folder, { bigint: true })
    return bavail * bsize
  } catch (error) {
    const code = systemCode(error)
    if (code === undefined) throw error
    const above = dirname(folder)
    return code === 'ENOENT' && above !== folder ? await freeBytes(above) : undefined
  }
}

/** Turns the error of a full disk into a Failure; returns any other error unchanged. */
export function describeFullDisk(error: unknown, folder: string): unknown {
  const code = systemCode(error)
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error
  const disk =
    code === 'ENOSPC' ? `The disk of ${folder} is full` : `The quota of ${folder} is used up`
  return new Failure(`${disk}, so nothing was shipped. Remove files there and ship again.`, {
    cause: error,
  })
}
