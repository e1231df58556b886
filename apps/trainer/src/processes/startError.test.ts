import { spawn } from 'node:child_process'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../testing.ts'
import { describeStartError } from './startError.ts'

function errorOf(program: string, cwd: string): Promise<Error> {
  // Some errors are thrown at once.
  return new Promise<never>((_resolve, reject) => {
    spawn(program, { cwd }).once('error', reject)
  }).catch((error: Error) => error)
}

/** Programs to start, and the expected reason. */
const PROGRAMS: Record<string, [program: string, why: string]> = {
  'a name of nothing': ['no-such-program', 'there is no such program'],
  'a path of nothing': ['/no/such', 'there is no such program'],
  'a file that may not be run': ['./plain', 'permission denied'],
  'a folder': ['./folder', 'permission denied'],
  'a script with a missing interpreter': [
    './orphan',
    'the interpreter in its first line does not exist',
  ],
  'a path through a file': ['./plain/program', 'a folder was expected, but it is a file'],
}

for (const [kind, [program, why]] of Object.entries(PROGRAMS)) {
  test(`the error says in plain words why a program could not be started: ${kind}`, async () => {
    await using folder = await temporaryFolder()
    await writeFile(join(folder.path, 'plain'), 'x')
    await writeFile(join(folder.path, 'orphan'), '#!/no/such/interpreter\n')
    await chmod(join(folder.path, 'orphan'), 0o755)
    await mkdir(join(folder.path, 'folder'))
    const error = describeStartError(program, folder.path, await errorOf(program, folder.path))
    expect(error).toBe(`Cannot start ${program}: ${why}`)
  })
}

test('a missing working directory is named instead of the program', async () => {
  const error = await errorOf('true', '/no/folder')
  expect(describeStartError('true', '/no/folder', error)).toBe(
    'Cannot start true: there is no folder /no/folder',
  )
})
