import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { boardEnv, startBoard, temporaryFolder } from './board.ts'

/** Secrets in the environment of a board: of its pages, its targets and its database. */
const SECRETS = {
  AWS_SECRET_ACCESS_KEY: 'a-secret-of-a-bucket',
  BESTMARK_OIDC_CLIENT_SECRET: 'a-secret-of-a-provider',
}

/** The words of every process of this machine, as `ps` shows them to all its users. */
async function commandLines(): Promise<string[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const texts = ids.map((id) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => ''))
  return (await Promise.all(texts)).map((text) => text.replaceAll('\0', ' '))
}

test.skipIf(process.platform !== 'linux')(
  'no process of a board that trains has a secret in its words, and nothing prints one but the link',
  async () => {
    await using folder = await temporaryFolder()
    const home = join(folder.path, 'board')
    await using board = await startBoard(boardEnv(home, SECRETS))
    const seen = new Set<string>()
    const isTraining = () => [...seen].some((line) => line.includes(join(home, 'runs')))
    for (let looks = 0; looks < 300 && !isTraining(); looks++) {
      for (const line of await commandLines()) seen.add(line)
      await pause(100)
    }
    expect(isTraining()).toBe(true)
    const secrets = [board.token, ...Object.values(SECRETS)]
    const shown = [...seen].filter((line) => secrets.some((secret) => line.includes(secret)))
    expect(shown).toEqual([])
    const printed = board.printed().replace(board.link, '')
    expect(secrets.filter((secret) => printed.includes(secret))).toEqual([])
  },
)
