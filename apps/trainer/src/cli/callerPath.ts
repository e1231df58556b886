import { resolve } from 'node:path'
import { isUri, MOUNT_ADVICE, s3Address, withoutFileScheme } from '@bestmark/core'
import { Failure } from '../failure.ts'

/** The path of a run as the caller means it, or its URI in S3. Throws a Failure for other stores. */
export function callerRun(path: string): string {
  return s3Address(path) === undefined ? callerPath(path) : path
}

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
