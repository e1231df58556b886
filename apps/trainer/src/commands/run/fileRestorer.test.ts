import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { FileRestorer } from './fileRestorer.ts'
import { temporaryFolder } from '../../testing.ts'

/** A log in a folder. The test can write to it even if the folder is removed. */
async function aLog() {
  const home = await temporaryFolder()
  const folder = join(home.path, 'out')
  mkdirSync(folder)
  const path = join(folder, 'log')
  const file = openSync(path, 'a+')
  const putBack = new FileRestorer(path, file)
  const dispose = async (): Promise<void> => {
    putBack[Symbol.dispose]()
    closeSync(file)
    await home[Symbol.asyncDispose]()
  }
  const write = (text: string): void => appendFileSync(file, text)
  const read = (): string => readFileSync(path, 'utf8')
  return { folder, path, putBack, write, read, [Symbol.asyncDispose]: dispose }
}

for (const [how, away] of [
  ['removed', (folder: string) => rmSync(folder, { recursive: true })],
  ['moved', (folder: string) => renameSync(folder, `${folder}.old`)],
] as const) {
  test(`a log whose folder is ${how} is restored in the new folder, and continues there`, async () => {
    await using log = await aLog()
    log.write('one\n')
    expect(log.putBack.look(false)).toBe(false)
    away(log.folder)
    log.write('two\n')
    expect(log.putBack.look(false)).toBe(false)
    mkdirSync(log.folder)
    expect(log.putBack.look(false)).toBe(true)
    log.write('three\n')
    expect(log.putBack.look(false)).toBe(false)
    expect(log.read()).toBe('one\ntwo\nthree\n')
  })
}

test('a log that could not be restored is restored later', async () => {
  await using log = await aLog()
  log.write('one\n')
  renameSync(log.folder, `${log.folder}.old`)
  mkdirSync(`${log.path}.back`, { recursive: true })
  expect(() => log.putBack.look(false)).toThrow()
  rmdirSync(`${log.path}.back`)
  mkdirSync(log.path)
  expect(() => log.putBack.look(false)).toThrow()
  rmdirSync(log.path)
  log.write('two\n')
  expect(log.putBack.look(false)).toBe(true)
  expect(log.read()).toBe('one\ntwo\n')
})
