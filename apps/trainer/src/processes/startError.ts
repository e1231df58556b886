import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { systemCode } from '../failure.ts'
import { fileErrorText } from '../plainErrors.ts'

/** Why the system would not start a program, by its code. */
const WHY = new Map([
  ['EACCES', 'permission denied'],
  ['EPERM', 'permission denied'],
  ['ENOEXEC', 'it is not a program'],
  ['E2BIG', 'its arguments are too long'],
  ['EAGAIN', 'too many programs are running'],
  ['ENOMEM', 'not enough memory is free'],
])

/** That a program could not be started in a folder, and why, without a full stop. */
export function describeStartError(program: string, cwd: string, cause: unknown): string {
  const code = systemCode(cause) ?? ''
  const why = code === 'ENOENT' ? missing(program, cwd) : (WHY.get(code) ?? fileErrorText(cause))
  return `Cannot start ${program}: ${why ?? (code || 'unknown reason')}`
}

/** The system says the same of the program, of its interpreter and of the folder. */
function missing(program: string, cwd: string): string {
  if (!existsSync(cwd)) return `there is no folder ${cwd}`
  const isThere = program.includes('/') && existsSync(resolve(cwd, program))
  return isThere ? 'the interpreter in its first line does not exist' : 'there is no such program'
}
