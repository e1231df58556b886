import { expect, test } from 'vitest'
import { testBoard } from '../board/testing.ts'
import { command } from './testing.ts'

const here = testBoard()
const distribute = (...words: string[]) =>
  command(['distribute', ...words], { env: here.env, cwd: here.path })
const isCitus = process.env['TEST_CITUS_URL'] !== undefined

test.skipIf(isCitus)('a server without Citus is refused, and nothing changes', async () => {
  for (const words of [[], ['--dry-run'], ['--json']]) {
    const ran = await distribute(...words)
    expect(ran).toMatchObject({ code: 2, stdout: '' })
    expect(ran.stderr).toContain('has no Citus. Set DATABASE_URL to the coordinator')
  }
})

test.runIf(isCitus)('on a distributed board each table is already distributed', async () => {
  const { code, stdout } = await distribute()
  expect(code).toBe(0)
  expect(stdout).toContain('training_jobs: already distributed')
  expect(stdout).not.toContain('distributed by job_id')
  const { steps } = JSON.parse((await distribute('--dry-run', '--json')).stdout) as {
    steps: { change: string }[]
  }
  expect(new Set(steps.map(({ change }) => change))).toEqual(new Set(['already_distributed']))
})
