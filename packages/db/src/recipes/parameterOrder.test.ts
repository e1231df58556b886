import type { HostRecipe } from '@bestmark/core'
import { randomUUID } from 'node:crypto'
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { recordHostAlive } from '../agents/hostAlive.ts'
import { migrate } from '../connection/migrate.ts'
import { testDatabase } from '../testing.ts'
import { claimOrder } from './claim.ts'
import { firstOrder, listOrders, orderRuns } from './orders.ts'
import { listRecipes, publishRecipes } from './recipes.ts'

const MIGRATIONS = join(import.meta.dirname, '../migrations')
const TEXT = { type: 'text', longest: 9, default: '-' } as const
const RECIPE: HostRecipe = {
  name: 'tune',
  text: '',
  parameters: { warmup: TEXT, lr: TEXT, epochs: TEXT, a: TEXT },
  can_resume: false,
  at_once: 1,
}
const ORDER = ['warmup', 'lr', 'epochs', 'a']

test('parameters, and the values of a run, have the order of the file of their owner', async () => {
  await using db = await testDatabase()
  const host_id = randomUUID()
  await recordHostAlive(db, { host_id, hostname: 'gpu' })
  await publishRecipes(db, host_id, [RECIPE])
  expect((await listRecipes(db)).map((one) => Object.keys(one.parameters))).toEqual([ORDER])
  const runs = [{ a: '1', lr: '2' }]
  const [job_id = ''] = await orderRuns(db, { recipe: 'tune', name: 'run', project: 'p', runs })
  expect((await listOrders(db)).map((one) => Object.keys(one.parameters))).toEqual([ORDER])
  expect(Object.keys((await firstOrder(db, job_id))?.parameters ?? {})).toEqual(ORDER)
  expect(Object.keys((await claimOrder(db, host_id))?.parameters ?? {})).toEqual(ORDER)
})

test('a board that stored parameters as objects keeps its recipes and orders', async () => {
  await using db = await testDatabase('empty')
  const folder = await mkdtemp(join(tmpdir(), 'bestmark-migrations-'))
  for (const name of await readdir(MIGRATIONS)) {
    if (name.endsWith('.sql') && name < '0034') await cp(join(MIGRATIONS, name), join(folder, name))
  }
  await migrate(db, folder)
  const [host_id, job_id] = [randomUUID(), randomUUID()]
  await db.sql`insert into hosts (host_id, hostname, seen_at) values (${host_id}, 'gpu', 1)`
  await db.sql`insert into recipes (host_id, name, text, parameters, can_resume, at_once, read_at)
    values (${host_id}, 'none', '', '{}', false, 1, 1),
      (${host_id}, 'tune', '', ${JSON.stringify({ lr: TEXT })}::text::jsonb, false, 1, 1)`
  await db.sql`insert into run_orders
    (order_id, job_id, recipe, name, project, parameters, state, created_at)
    values (${randomUUID()}, ${job_id}, 'tune', 'run', 'p', '{"lr": "2"}', 'queued', 1)`
  await migrate(db)
  const stored = (await listRecipes(db)).map(({ name, parameters }) => [name, parameters])
  expect(stored).toEqual([
    ['none', {}],
    ['tune', { lr: TEXT }],
  ])
  expect(await firstOrder(db, job_id)).toMatchObject({ parameters: { lr: '2' } })
  await rm(folder, { recursive: true })
})
