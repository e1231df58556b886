import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { systemCode } from '../failure.ts'
import { fileErrorText } from '../plainErrors.ts'

/** Why the system would not start a program, by its code. */
const WHY = new Map([
  ['EACCES', 'it may not be run'],
  ['EPERM', 'it may not be run'],
  ['ENOEXEC', 'it is not a program'],
  ['E2BIG', 'its arguments are too long'],
  ['EAGAIN', 'too many programs run already'],
  ['ENOMEM', 'too little memory is free'],
])

/** That a program could not be started in a folder, and why, without a full stop. */
export function describeStartError(program: string, cwd: string, cause: unknown): string {
  const code = systemCode(cause) ?? ''
  const why = code === 'ENOENT' ? missing(program, cwd) : (WHY.get(code) ?? fileErrorText(cause))
  return `${program} could not be started: ${why ?? `the system says ${code || 'nothing more'}`}`
}

/** The system says the same of the program, of its interpreter and of the folder. */
function missing(program: string, cwd: string): string {
  if (!existsSync(cwd)) return `there is no folder ${cwd}`
  const isThere = program.includes('/') && existsSync(resolve(cwd, program))
  return isThere ? 'what its first line names is not there' : 'there is no such program'
}
