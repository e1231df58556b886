import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from './board.ts'

test('every promise of docs/security.md names tests that exist', async () => {
  const text = await readFile(join(ROOT, 'docs/security.md'), 'utf8')
  const rows = text.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| --'))
  const promises = rows.filter((line) => !line.startsWith('| promise'))
  expect(promises.length).toBeGreaterThan(20)
  for (const promise of promises) {
    const named = [...promise.matchAll(/`((?:apps|packages|e2e|clients)\/[^`]+)`/g)].map(
      ([, path]) => path ?? '',
    )
    expect([promise, named.length]).not.toEqual([promise, 0])
    expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
  }
})
