import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { systemCode } from '../failure.ts'
import { temporaryFolder } from '../testing.ts'
import { BEGINNING, readNewLines } from './growingFile.ts'
import { Listing } from './listing.ts'
import { closeText, openText, sizeOfText } from './textFile.ts'
import { LARGEST_PACKED } from './textForm.ts'

test('a text in UTF-16 that grows is read from where it was left', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'train.log')
  const first = Buffer.from('\uFEFFone\ntw', 'utf16le')
  await writeFile(path, first)
  const look = readNewLines(path, BEGINNING, { isOver: false })
  expect(look).toMatchObject({ kind: 'grown', lines: [{ text: 'one', line: 1 }] })
  if (look.kind !== 'grown') return
  await writeFile(path, Buffer.concat([first, Buffer.from('o\n', 'utf16le')]))
  expect(readNewLines(path, look.end, { isOver: false })).toMatchObject({
    lines: [{ text: 'two', line: 2 }],
  })
})

test('a compressed file that is larger than the memory for it is refused', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'train.log.gz')
  await writeFile(path, gzipSync(Buffer.alloc(LARGEST_PACKED + 1)))
  const open = (): unknown => {
    try {
      return openText(path)
    } catch (error) {
      return systemCode(error)
    }
  }
  expect(open()).toBe('ERR_FS_FILE_TOO_LARGE')
  expect(await new Listing(folder.path).head('train.log.gz')).toBe('')
})

test('a damaged compressed file is a file with an error, not the end of the program', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'train.log.gz')
  await writeFile(path, Buffer.from([0x1f, 0x8b, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]))
  expect(() => openText(path)).toThrow('damaged')
})

test('a plain text is not copied into memory', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'train.log')
  await writeFile(path, 'one\n')
  const file = openText(path)
  expect([typeof file, sizeOfText(file)]).toEqual(['number', 4])
  closeText(file)
})
