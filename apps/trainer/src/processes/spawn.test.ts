import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { temporaryFolder } from '../testing.ts'
import { spawnDetached } from './spawn.ts'

test('a program gets the environment without the secret of the pages', async () => {
  await using folder = await temporaryFolder()
  vi.stubEnv('BESTMARK_OIDC_CLIENT_SECRET', 'hidden')
  vi.stubEnv('WANDB_MODE', 'offline')
  const logFile = join(folder.path, 'printed.log')
  const argv = [process.execPath, '-p', 'JSON.stringify(process.env)']
  const { exited } = await spawnDetached(argv, { cwd: folder.path, logFile })
  expect(await exited).toEqual({ code: 0, signal: null })
  const printed = await readFile(logFile, 'utf8')
  expect(printed).toContain('"WANDB_MODE":"offline"')
  expect(printed).not.toContain('hidden')
})
