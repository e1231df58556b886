import { existsSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readRunProcess } from './mark.ts'
import { TAKEN, claimRun } from './runClaim.ts'
import { ending, eventsOf, eventsOfType, runFolder, startQuick } from '../recipes/testing.ts'

test('if several processes start at once in one folder, only one trains, and the others say why', async () => {
  using run = runFolder()
  const children = [0, 1, 2, 3].map(() => startQuick(run.path))
  const codes = await Promise.all(children.map(ending))
  expect(codes.sort()).toEqual([0, TAKEN, TAKEN, TAKEN])
  expect(eventsOfType(eventsOf(run.path), 'started')).toHaveLength(1)
})

test('a lock left by a crash blocks a run only for a while', () => {
  using run = runFolder()
  const lock = join(run.path, 'process.lock')
  writeFileSync(lock, '')
  const longAgo = new Date(Date.now() - 60_000)
  utimesSync(lock, longAgo, longAgo)
  expect(claimRun(run.path, 3)).toBeUndefined()
  expect(readRunProcess(run.path)).toMatchObject({ pid: process.pid, attempt: 3 })
  expect(existsSync(lock)).toBe(false)
  expect(claimRun(run.path, 4)).toMatchObject({ pid: process.pid, attempt: 3 })
})
