import { resolve } from 'node:path'
import { Failure } from '../failure.ts'

/** A path as the caller means it: pnpm changes the working folder and keeps the caller's in INIT_CWD. */
export function callerPath(path: string): string {
  if (path === '') throw new Failure('A path is empty. Name a file or a folder.')
  return resolve(process.env['INIT_CWD'] ?? process.cwd(), path)
}
