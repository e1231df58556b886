import { mkdir, writeFile } from 'node:fs/promises'
import { errorText, Failure } from '../failure.ts'

/** Writes the file that a user named. Throws a Failure if it cannot be written. */
export async function writeOutFile(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text)
  } catch (cause) {
    throw cannotWrite(file, cause)
  }
}

/** Makes the folder that a user named for files, and its parents. Throws a Failure if it cannot. */
export async function makeOutFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true })
  } catch (cause) {
    throw cannotWrite(folder, cause)
  }
}

export function cannotWrite(file: string, cause: unknown): Failure {
  return new Failure(`Cannot write ${file}: ${errorText(cause)}`, { cause })
}
