import { getTableName, is } from 'drizzle-orm'
import { getTableConfig, PgTable } from 'drizzle-orm/pg-core'
import * as schema from '../schema.ts'

/**
 * Where a table is on several Postgres servers: `distributed` by `job_id`, so that all rows of a job
 * are on one server; or `local`, on the coordinator alone.
 */
export type Placement = 'distributed' | 'local'

type Schema = typeof schema
type TableKey = {
  [Key in keyof Schema]: Schema[Key] extends PgTable ? Key : never
}[keyof Schema]

/**
 * The place of every table. A new table does not compile until it is listed.
 *
 * What a run logs is distributed. Queues stay local, because `for update skip locked` has no job; so
 * do tables with triggers, and those that are not about one job.
 */
const PLACEMENT = {
  trainingJobs: 'distributed',
  attempts: 'distributed',
  sources: 'distributed',
  evaluations: 'distributed',
  evaluationCurves: 'distributed',
  checkpoints: 'distributed',
  samples: 'distributed',
  sampleContents: 'distributed',
  seriesChunks: 'distributed',
  seriesTails: 'distributed',
  logs: 'distributed',
  logChunks: 'distributed',

  deployments: 'local',
  modelChecks: 'local',
  prompts: 'local',
  runOrders: 'local',
  policyChanges: 'local',
  alertRules: 'local',
  alertCursor: 'local',
  alertFacts: 'local',
  alerts: 'local',
  board: 'local',
  claims: 'local',
  hosts: 'local',
  fullDisks: 'local',
  targets: 'local',
  recipes: 'local',
  savedViews: 'local',
  apiTokens: 'local',
  auditLog: 'local',
  people: 'local',
  signInWays: 'local',
  sessions: 'local',
  signInStates: 'local',
  invitations: 'local',
  signInTries: 'local',
} as const satisfies Record<TableKey, Placement>

/** The column by which tables are distributed. */
export const DISTRIBUTED_BY = 'job_id'

/** All tables of the schema. */
export const TABLES: readonly PgTable[] = Object.values(schema).filter((value) =>
  is(value, PgTable),
)

const keyOf = new Map<string, string>(
  Object.entries(schema).flatMap(([key, value]) => {
    return is(value, PgTable) ? [[getTableName(value), key] as const] : []
  }),
)

/** The place of a table; undefined if the schema has no such table. */
export function placementOf(name: string): Placement | undefined {
  const key = keyOf.get(name)
  // The record has a key per table.
  return key === undefined ? undefined : PLACEMENT[key as TableKey]
}

/** The names of the distributed tables, each after those that its foreign keys refer to. */
export const DISTRIBUTED: readonly string[] = Object.entries(PLACEMENT)
  .filter(([, placement]) => placement === 'distributed')
  .map(([key]) => getTableName(schema[key as TableKey]))

/** The name of a foreign key in the database, which cuts it to 63 bytes. */
const storedName = (name: string) => Buffer.from(name).subarray(0, 63).toString()

/** A foreign key, by the names of its tables. */
export interface ForeignKey {
  name: string
  from: string
  to: string
}

/** The foreign keys of the schema. */
export function foreignKeys(): ForeignKey[] {
  return TABLES.flatMap((table) => {
    return getTableConfig(table).foreignKeys.map((key) => ({
      name: storedName(key.getName()),
      from: getTableName(table),
      to: getTableName(key.reference().foreignTable),
    }))
  })
}

/**
 * The foreign keys that cannot exist on several servers, because they refer from a local table to a
 * distributed one. Where they exist they protect from errors of the code; no code relies on them.
 */
export const CROSSING: readonly ForeignKey[] = foreignKeys().filter(({ from, to }) => {
  return placementOf(from) === 'local' && placementOf(to) === 'distributed'
})
