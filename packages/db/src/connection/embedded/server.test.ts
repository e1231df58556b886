import { pbkdf2 } from 'node:crypto'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { serverPathsIn } from './serverPaths.ts'
import { launch } from './server.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bestmark-server-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** Keeps the threads busy that read and close files, so that reading and closing take longer. */
async function delayFiles(signal: AbortSignal): Promise<void> {
  const work = promisify(pbkdf2)
  while (!signal.aborted) await work('a', 'b', 20_000, 64, 'sha512')
}

test('a server that ends at once is reported without a wait', async () => {
  const paths = serverPathsIn(folder)
  await mkdir(paths.data, { recursive: true, mode: 0o700 })
  const bin = join(folder, 'bin')
  await mkdir(bin)
  await writeFile(join(bin, 'postgres'), '#!/bin/sh\necho "FATAL: no memory" >&2\nexit 1\n')
  await chmod(join(bin, 'postgres'), 0o755)
  const done = new AbortController()
  const delays = Array.from({ length: 8 }, () => delayFiles(done.signal))
  try {
    const launched = launch(paths, { folder, version: '18' }, { kind: 'own' }, 'here')
    await expect(launched).rejects.toThrow(/did not start: no memory/)
  } finally {
    done.abort()
    await Promise.all(delays)
  }
})
