import { join } from 'node:path'
import { expect, test } from 'vitest'
import { testBoard } from '../../apps/trainer/src/board/testing.ts'
import { fuzz } from './fuzz.ts'

const here = testBoard()

test('a mutated run is recorded, or refused with one sentence and no job', async () => {
  const folder = join(here.path, 'runs')
  expect(await fuzz(here.board, { seed: 1, cases: 100, folder })).toEqual([])
}, 300_000)
