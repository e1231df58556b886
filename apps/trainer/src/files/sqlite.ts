import { openHandle, statIfSeen } from './runFile.ts'

const MAGIC = 'SQLite format 3\0'

/** Whether a file is a SQLite database. */
export async function isSqlite(path: string): Promise<boolean> {
  if (!statIfSeen(path)?.isFile()) return false
  await using file = await openHandle(path)
  const { buffer, bytesRead } = await file.read(Buffer.alloc(MAGIC.length), 0, MAGIC.length, 0)
  return buffer.toString('latin1', 0, bytesRead) === MAGIC
}
