import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { hosts } from '../hosts/hosts.ts'
import { orderRuns } from '../recipes/orders.ts'
import { publishRecipes } from '../recipes/recipes.ts'
import { testDatabase } from '../testing.ts'
import { recordHostAlive } from './hostAlive.ts'

/** Makes a server refuse an insert that returns a subquery, as Citus does. */
const REFUSING = `
  create function refuse() returns trigger language plpgsql as $$
  begin
    if current_query() ilike '%returning%' then
      raise exception 'not supported' using errcode = 'feature_not_supported';
    end if;
    return null;
  end $$;
  create trigger refused before insert on hosts for each statement execute function refuse()`

test('where one statement is refused, an agent learns by two that an order waits, and is not refused again', async () => {
  await using db = await testDatabase()
  await db.sql.unsafe(REFUSING)
  const host_id = randomUUID()
  const alive = () => recordHostAlive(db, { host_id, hostname: 'gpu' })
  expect(await alive()).toEqual({ has_order: false, has_run: false })
  expect(await hosts(db)).toMatchObject([{ host_id }])
  const recipe = { name: 'tune', text: '', parameters: {}, can_resume: false, at_once: 1 }
  await publishRecipes(db, host_id, [recipe])
  await orderRuns(db, { recipe: 'tune', name: 'run', project: 'p', runs: [{}] })
  db.statements.seen.clear()
  expect(await alive()).toEqual({ has_order: false, has_run: true })
  expect([...db.statements.seen].filter((one) => one.includes('returning'))).toEqual([])
})

// Citus refuses the statement before a trigger can.
test.skipIf(process.env['TEST_CITUS_URL'])(
  'another error than a refusal is not tried again',
  async () => {
    await using db = await testDatabase()
    await db.sql.unsafe(REFUSING.replace('feature_not_supported', 'disk_full'))
    const alive = recordHostAlive(db, { host_id: randomUUID(), hostname: 'gpu' })
    await expect(alive).rejects.toMatchObject({ cause: { code: '53100' } })
  },
)
