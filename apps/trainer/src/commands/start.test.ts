import { randomUUID } from 'node:crypto'
import { listOrders, publishRecipes, recordHostAlive } from '@bestmark/db'
import { expect, test } from 'vitest'
import { testBoard } from '../board/testing.ts'
import { command } from './testing.ts'

const here = testBoard()
const start = (...words: string[]) => command(['start', ...words], { env: here.env })

test('without recipes the command says where to write them, and starts nothing', async () => {
  expect(await start()).toMatchObject({ code: 1, stderr: expect.stringContaining('recipes.yaml') })
  expect(await start('tune')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('No machine has the recipe "tune"'),
  })
})

test('a sweep is one job per combination; what does not fit starts nothing', async () => {
  const host_id = randomUUID()
  await recordHostAlive(here.board.db, { host_id, hostname: 'gpu-1' })
  const lr = { type: 'number', minimum: 0, maximum: 1, default: 0.1 } as const
  const recipe = { name: 'tune', text: 'Tunes', parameters: { lr }, can_resume: false, at_once: 1 }
  await publishRecipes(here.board.db, host_id, [recipe])
  expect(await start()).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^tune +gpu-1 +lr +Tunes/),
  })
  for (const [words, message] of [
    [['other'], 'Available: tune.'],
    [['tune', '--set', 'lr'], '--set must be NAME=VALUES; got "lr".'],
    [['tune', '--set', 'lr=2'], 'lr must be between 0 and 1; got "2".'],
    [['tune', '--set', 'lr='], '--set lr= has no value.'],
    [['tune', '--set', 'seed=2'], 'There is no parameter "seed".'],
    [['tune', '--set', 'lr=0.1', '--set', 'lr=0.2'], '--set gives lr twice. Separate its values'],
    [['tune', '--name', 'n'.repeat(201)], '--name must have at most 200 characters; got 201.'],
    [
      ['tune', '--project', 'n'.repeat(201)],
      '--project must have at most 200 characters; got 201.',
    ],
  ] as const) {
    const ran = await start(...words)
    expect(ran).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(message) })
  }
  expect(await listOrders(here.board.db)).toEqual([])
  const ran = await start('tune', '--set', 'lr=0.1,0.2', '--name', 'moby', '--json')
  const printed = ran.stdout
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { job_id: string }).job_id)
  const orders = await listOrders(here.board.db)
  expect(orders.map(({ job_id }) => job_id).sort()).toEqual(printed.sort())
  expect(orders.map(({ name, parameters }) => [name, parameters.lr]).sort()).toEqual([
    ...[
      ['moby-1', 0.1],
      ['moby-2', 0.2],
    ],
  ])
})
