import { getTableName } from 'drizzle-orm'
import { getTableConfig, type PgTable } from 'drizzle-orm/pg-core'
import { expect, test } from 'vitest'
import {
  CROSSING,
  DISTRIBUTED,
  DISTRIBUTED_BY,
  foreignKeys,
  placementOf,
  TABLES,
} from './placement.ts'

const distributed = TABLES.filter((table) => placementOf(getTableName(table)) === 'distributed')

/** The columns of a table's primary key, and of everything else that is unique. */
function uniques(table: PgTable): string[][] {
  const { columns, primaryKeys, uniqueConstraints, indexes } = getTableConfig(table)
  const named = (parts: readonly unknown[]) =>
    parts.map((part) => (part as { name?: string }).name ?? '')
  return [
    ...columns.filter(({ primary, isUnique }) => primary || isUnique).map(({ name }) => [name]),
    ...[...primaryKeys, ...uniqueConstraints].map((key) => named(key.columns)),
    ...indexes.filter(({ config }) => config.unique).map(({ config }) => named(config.columns)),
  ]
}

test('every table has a place, and those of the job are first', () => {
  expect(TABLES.map((table) => [getTableName(table), placementOf(getTableName(table))])).toEqual(
    TABLES.map((table) => [getTableName(table), expect.stringMatching(/^(distributed|local)$/)]),
  )
  expect(DISTRIBUTED[0]).toBe('training_jobs')
  expect([...DISTRIBUTED].sort()).toEqual(distributed.map((table) => getTableName(table)).sort())
})

test('what is unique in a distributed table begins with the job', () => {
  for (const table of distributed) {
    expect([getTableName(table), uniques(table).map(([first]) => first)]).toEqual([
      getTableName(table),
      uniques(table).map(() => DISTRIBUTED_BY),
    ])
    expect(uniques(table).length).toBeGreaterThan(0)
  }
})

test('a foreign key of a distributed table refers to an earlier distributed one, by the job', () => {
  for (const table of distributed) {
    for (const key of getTableConfig(table).foreignKeys) {
      const { columns, foreignColumns, foreignTable } = key.reference()
      const [from, to] = [getTableName(table), getTableName(foreignTable)]
      expect([from, columns[0]?.name, foreignColumns[0]?.name]).toEqual([
        from,
        DISTRIBUTED_BY,
        DISTRIBUTED_BY,
      ])
      expect(DISTRIBUTED.indexOf(to)).toBeGreaterThanOrEqual(0)
      expect(DISTRIBUTED.indexOf(to)).toBeLessThan(DISTRIBUTED.indexOf(from))
    }
  }
})

test('only these foreign keys refer from a local table to a distributed one', () => {
  // Nothing may rely on them, because a distributed board has none of them.
  expect(CROSSING.map(({ from, to }) => `${from} → ${to}`).sort()).toEqual([
    'deployments → checkpoints',
    'policy_changes → training_jobs',
  ])
  expect(foreignKeys().length).toBeGreaterThan(CROSSING.length)
})
