import { createWriteStream } from 'node:fs'
import { rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { type BackupSummary, bytesText } from '@bestmark/core'
import { type BackupFile, writeBackup } from '@bestmark/db'
import manifest from '../../../../../package.json' with { type: 'json' }
import type { Board } from '../../board/board.ts'
import { BusyLine } from '../../cli/busyLine.ts'
import { streamOfFile } from '../../files/runFile.ts'
import { cannotWrite } from '../../cli/outFile.ts'

/** A backup that was written. */
export interface WrittenBackup extends BackupSummary {
  file: string
  /** Its size in bytes. */
  bytes: number
}

/** Higher levels take much longer and save little: most bytes are digits of floating-point numbers. */
const LEVEL = 3

/**
 * Writes a backup. It gets its name when it is complete and on the disk, so a killed backup leaves
 * only a file `….part`. Throws a Failure if the file cannot be written.
 */
export async function writeBackupFile(board: Board, file: string): Promise<WrittenBackup> {
  const { db, host, host_id } = board
  using busyLine = new BusyLine()
  const draft = `${file}.part`
  const text = new PassThrough()
  const output = createWriteStream(draft, { mode: 0o600, flush: true })
  const packing = pipeline(text, createGzip({ level: LEVEL }), output)
  // Awaited below. Until then a failure must not end the process without its message.
  packing.catch(() => undefined)
  const origin = { bestmark: manifest.version, host, host_id }
  const write = async (bytes: Buffer): Promise<void> => {
    if (text.errored) throw text.errored
    if (!text.write(bytes)) await once(text, 'drain')
  }
  try {
    const summary = await writeBackup(db, origin, write, ({ table, bytes }) => {
      busyLine.show(`Reading ${table}: ${bytesText(bytes)} so far`)
    })
    text.end()
    await packing
    await rename(draft, file)
    return { ...summary, file, bytes: (await stat(file)).size }
  } catch (cause) {
    text.destroy()
    await packing.catch(() => undefined)
    await rm(draft, { force: true })
    if (!isOfFile(cause)) throw cause
    throw cannotWrite(file, cause)
  }
}

/** Whether an error is of a file, not of the database. */
function isOfFile(error: unknown): boolean {
  return error instanceof Error && ('path' in error || 'syscall' in error) && !('address' in error)
}

/** The file of a name; if that is a folder, a new file in it. */
export async function fileIn(path: string, at = new Date()): Promise<string> {
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() ?? path.endsWith('/')
  return isFolder ? join(path, datedName(at)) : path
}

/** A file name with the date and time (UTC), such as `bestmark-2026-11-27T014500Z.bestmark`. */
export function datedName(at: Date): string {
  const time = at
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(':', '')
  return `bestmark-${time}.bestmark`
}

/** A file to restore. */
export function backupAt(path: string): BackupFile {
  return { name: path, open: () => streamOfFile(path, { highWaterMark: 256 * 1024 }) }
}
