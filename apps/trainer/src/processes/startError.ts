import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { systemCode } from '../failure.ts'
import { fileErrorText } from '../plainErrors.ts'

/** Why the system did not start a program, by error code. */
const WHY = new Map([
  ['EACCES', 'permission denied'],
  ['EPERM', 'permission denied'],
  ['ENOEXEC', 'it is not a program'],
  ['E2BIG', 'its arguments are too long'],
  ['EAGAIN', 'too many programs are running'],
  ['ENOMEM', 'not enough memory is free'],
])

/** Says why a program could not be started in a folder, without a full stop. */
export function describeStartError(program: string, cwd: string, cause: unknown): string {
  const code = systemCode(cause) ?? ''
  const why =
    code === 'ENOENT' ? describeMissing(program, cwd) : (WHY.get(code) ?? fileErrorText(cause))
  return `Cannot start ${program}: ${why ?? (code || 'unknown reason')}`
}

/** What is missing. The system gives the same code for the program, its interpreter and the folder. */
function describeMissing(program: string, cwd: string): string {
  if (!existsSync(cwd)) return `there is no folder ${cwd}`
  const exists = program.includes('/') && existsSync(resolve(cwd, program))
  return exists ? 'the interpreter in its first line does not exist' : 'there is no such program'
}
