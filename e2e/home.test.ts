import { chmod, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { bestmark, boardEnv, startBoard, temporaryFolder } from './board.ts'

const OTHERS = 0o077

test('other users can open nothing of a board, and a folder that was opened is closed again', async () => {
  await using folder = await temporaryFolder()
  const home = join(folder.path, 'board')
  const env = boardEnv(home)
  const board = await startBoard(env)
  const modes = async () => {
    const names = await readdir(home)
    const all = names.map(async (name) => [name, (await stat(join(home, name))).mode] as const)
    return new Map(await Promise.all(all))
  }
  while ((await readdir(join(home, 'examples')).catch(() => [])).length < 3) await pause(100)
  await board.interrupt()
  const open = [...(await modes())].filter(([, mode]) => (mode & OTHERS) !== 0)
  expect(open).toEqual([])

  await chmod(home, 0o755)
  const { code, stderr } = await bestmark(['jobs'], env)
  expect([code, stderr]).toEqual([
    0,
    `Other users of this machine could open ${home} (mode 0755). Now they cannot.\n`,
  ])
  expect((await stat(home)).mode & OTHERS).toBe(0)
})
