import { appendFileSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { KeptOutput } from './keptOutput.ts'
import { temporaryFolder } from '../../testing.ts'

test('output after the file was cut is shown', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'output.log')
  const shown: string[] = []
  using kept = new KeptOutput(path, (bytes) => {
    shown.push(bytes.toString())
    // The program empties its log, as tools that rotate logs do.
    if (shown.length === 1) truncateSync(path, 0)
    if (shown.length === 1) appendFileSync(path, 'two\n')
    return Promise.resolve()
  })
  appendFileSync(path, 'the first line\n')
  const over = new AbortController()
  const showing = kept.showUntil(over.signal)
  while (shown.length < 2) await new Promise((resolve) => setTimeout(resolve, 5))
  truncateSync(path, 0)
  over.abort()
  await showing
  expect(shown).toEqual(['the first line\n', 'two\n'])
  expect(kept.failureText).toBe('two')
})
