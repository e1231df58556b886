import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../testing.ts'
import { BEGINNING, readNewLines } from './growingFile.ts'

test('an incomplete last character is read once', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'train.log')
  await writeFile(path, Buffer.from([...Buffer.from('one\n 10%|'), 0xe2, 0x96]))
  let from = BEGINNING
  const texts: string[] = []
  for (const _ of [1, 2, 3]) {
    const look = readNewLines(path, from, { isOver: true })
    if (look.kind !== 'grown') {
      expect(look.kind).toBe('same')
      continue
    }
    texts.push(...look.lines.map(({ text }) => text))
    from = look.end
  }
  expect(texts).toEqual(['one', ' 10%|\uFFFD'])
})

test('another file with the same beginning is not a continuation', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'train.log')
  const alike = `${'# the configuration of both\n'.repeat(100)}`
  await writeFile(path, `${alike}iter 1: loss 3\n`)
  const look = readNewLines(path, BEGINNING, { isOver: false })
  const from = look.kind === 'grown' ? look.end : BEGINNING
  expect(readNewLines(path, from, { isOver: false }).kind).toBe('same')
  await writeFile(path, `${alike}iter 1: loss 4\niter 2: loss 3\n`)
  expect(readNewLines(path, from, { isOver: false }).kind).toBe('replaced')
})
