import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { promisify } from 'node:util'
import { serverPathsIn } from './serverPaths.ts'

/** The name of the environment variable with the data folder of `testFiles.ts` beside the sources. */
export const EMPTY_BOARD = 'BESTMARK_TEST_FILES'

/**
 * Creates a data folder with the files of an empty board. Creating them again, as the first start
 * does, takes a second of processor time.
 */
export async function makeEmptyBoard(home: string): Promise<void> {
  const files = process.env[EMPTY_BOARD]
  if (files === undefined) throw new Error('testFiles.ts has not made the files of an empty board.')
  await mkdir(home, { recursive: true })
  await promisify(execFile)('cp', ['-Rp', serverPathsIn(files).data, serverPathsIn(home).data])
}
