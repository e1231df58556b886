import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { BESTMARK, bestmark, temporaryFolder, writeOutput } from '../../testing.ts'

const KEEP = ['--keep-best', '1', '--keep-last', '1']

/** A run of three checkpoints, of which prune removes step 100. */
async function aRun() {
  const home = await temporaryFolder()
  const root = join(home.path, 'run')
  const log = [3, 1, 2].map((eval_loss, index) => ({ step: (index + 1) * 100, eval_loss }))
  await writeOutput(root, { saves: log.map(({ step }) => step), log })
  const options = { cwd: home.path, env: { BESTMARK_HOME: join(home.path, 'board') } }
  const prune = (...words: string[]) => bestmark(['prune', 'run', ...KEEP, ...words], options)
  return { ...home, root, prune, options }
}

/** Writes so many files that the removal takes long enough to be interrupted. */
async function makeLong(folder: string): Promise<void> {
  const names = Array.from({ length: 6_000 }, (_, index) => join(folder, `part-${index}`))
  for (const name of names) await writeFile(name, 'x')
}

test('the next prune lists the leftovers of a killed prune, and removes them with --yes', async () => {
  await using here = await aRun()
  const left = join(here.root, '.bestmark-removed-checkpoint-100')
  // On a busy machine the removal may end too early. Then try again.
  while (!existsSync(left)) {
    await mkdir(join(here.root, 'checkpoint-100'), { recursive: true })
    await makeLong(join(here.root, 'checkpoint-100'))
    await killedPrune(here.options, left)
  }
  const dry = await here.prune()
  expect(dry.stdout).toMatch(
    /remove {2}\.bestmark-removed-checkpoint-100 .*left by an interrupted prune/,
  )
  expect(dry.stdout).toMatch(
    /Would remove 1 leftover, [\d.]+ (bytes|kB). Add --yes to remove them.\n$/,
  )
  expect(existsSync(left)).toBe(true)
  const done = await here.prune('--yes', '--json')
  expect(done).toMatchObject({ code: 0, stderr: '' })
  expect(JSON.parse(done.stdout)).toMatchObject({
    goes: [],
    removed: ['.bestmark-removed-checkpoint-100'],
  })
  expect((await readdir(here.root)).filter((name) => name.startsWith('.'))).toEqual([])
  expect((await here.prune('--yes')).code).toBe(1)
}, 60_000)

/** Kills a prune as soon as it has renamed the folder. */
async function killedPrune(
  { cwd, env }: { cwd: string; env: NodeJS.ProcessEnv },
  left: string,
): Promise<void> {
  const words = ['prune', 'run', ...KEEP, '--yes']
  const options = { cwd, env: { ...process.env, ...env }, detached: true, stdio: 'ignore' } as const
  const child = spawn(BESTMARK, words, options)
  const ended = once(child, 'exit')
  while (!existsSync(left) && child.exitCode === null) await sleep(1)
  if (child.exitCode === null) process.kill(-child.pid!, 'SIGKILL')
  await ended
}

test('leftovers are found in subfolders, never through links', async () => {
  await using here = await aRun()
  const name = '.bestmark-removed-checkpoint-7'
  const outside = join(here.path, 'outside')
  const below = join(here.root, 'weights', name)
  await mkdir(join(outside, name), { recursive: true })
  await mkdir(below, { recursive: true })
  await writeFile(join(outside, 'precious'), 'precious')
  await writeFile(join(below, 'model'), '12345')
  await symlink(outside, join(here.root, 'elsewhere'))
  await symlink(outside, join(here.root, '.bestmark-removed-checkpoint-8'))
  await symlink(outside, join(below, 'link'))
  const { left, removed } = JSON.parse((await here.prune('--yes', '--json')).stdout)
  expect(left).toEqual([{ path: join('weights', name), bytes: 5 }])
  expect(removed).toEqual(['checkpoint-100', join('weights', name)])
  expect(existsSync(below)).toBe(false)
  expect((await readdir(outside)).sort()).toEqual([name, 'precious'])
  expect(await readdir(here.root)).toContain('.bestmark-removed-checkpoint-8')
})
