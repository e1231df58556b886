import { join } from 'node:path'
import { expect, test } from 'vitest'
import { testBoard } from '../../board/testing.ts'
import { writeOutput } from '../../testing.ts'
import { command } from '../testing.ts'

const here = testBoard()
const space = (...words: string[]) =>
  command(['space', ...words], { env: here.env, cwd: here.path })

test('space shows sizes and the rule, which stays until it is changed', async () => {
  await writeOutput(join(here.path, 'run'), { saves: [1], log: [{ step: 1, eval_loss: 1 }] })
  await command(['import', 'run'], { env: here.env, cwd: here.path })
  const shown = await space()
  expect(shown).toMatchObject({ code: 0, stdout: expect.stringMatching(/^points +\d/) })
  expect(shown.stdout).toContain('All points are kept forever.')
  await space('--keep-points', '90')
  expect((await space()).stdout).toContain('kept for 90 days after its end')
  const freed = await space('--free', '--compact', '--json')
  expect(JSON.parse(freed.stdout)).toMatchObject({
    keep_points_days: 90,
    deleted_jobs: 0,
    thinned_jobs: 0,
    bytes: { points: expect.any(Number) },
  })
  await space('--keep-points', 'forever')
  expect((await space()).stdout).toContain('forever')
})

test('a number of days that is not allowed is refused', async () => {
  for (const days of ['0', '-1', '1.5', '40000', 'soon']) {
    await expect(space(`--keep-points=${days}`)).resolves.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--keep-points must be a whole number of days, 1 to 36500'),
    })
  }
})
