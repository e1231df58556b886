import { resolve } from 'node:path'
import { isUri, MOUNT_ADVICE, withoutFileScheme } from '@bestmark/core'
import { Failure } from '../failure.ts'

/**
 * A path as the caller means it: pnpm changes the working folder and keeps the caller's in INIT_CWD. Throws a
 * Failure for a URI in an object store, because commands read and write folders.
 */
export function callerPath(path: string): string {
  if (path === '') throw new Failure('A path is empty. Name a file or a folder.')
  if (isUri(path)) {
    throw new Failure(
      `${path} is in an object store, but a folder or a file is needed here. ${MOUNT_ADVICE}.`,
    )
  }
  return resolve(process.env['INIT_CWD'] ?? process.cwd(), withoutFileScheme(path))
}
