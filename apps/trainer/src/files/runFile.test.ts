import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../testing.ts'
import {
  bytesOfFile,
  openFile,
  openHandle,
  openToAppend,
  streamOfFile,
  textOfFile,
} from './runFile.ts'

const OPENERS = { openFile, openToAppend, openHandle, bytesOfFile, textOfFile, streamOfFile }

for (const [name, opener] of Object.entries(OPENERS)) {
  test(`${name} never waits for a path that is not a file, and says what it is`, async () => {
    await using folder = await temporaryFolder()
    const at = (path: string): string => join(folder.path, path)
    execFileSync('mkfifo', [at('pipe')])
    mkdirSync(at('folder'))
    symlinkSync('pipe', at('link'))
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(at('socket'), resolve))
    const vectors = [
      ['pipe', 'is a pipe, not a file'],
      ['link', 'is a pipe, not a file'],
      ['folder', 'is a folder, not a file'],
      ['socket', 'is a socket, not a file'],
    ] as const
    const open = async (path: string): Promise<unknown> => opener(path)
    for (const [path, why] of vectors) {
      await expect(open(at(path))).rejects.toThrow(`${at(path)} ${why}`)
    }
    await expect(open('/dev/null')).rejects.toThrow('/dev/null is a device, not a file')
    server.close()
  })
}

test('a file that is too large for memory is refused, and the error names it', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'state.json')
  writeFileSync(path, '{}')
  expect(await textOfFile(path)).toBe('{}')
  truncateSync(path, 20 * 2 ** 30)
  await expect(textOfFile(path)).rejects.toThrow(`${path} is too large`)
})
