import type { Address } from './src/connection/address.ts'
import { connectTo } from './src/connection/client.ts'
import { joinTestServer, newDatabase, TEMPLATE } from './src/testing.ts'

/** A test's rows need not outlive the machine, and the disk is what test files wait for. */
async function forgetDurability(address: Address): Promise<void> {
  const sql = connectTo(address)
  for (const option of ['fsync', 'synchronous_commit', 'full_page_writes'])
    await sql.unsafe(`alter system set ${option} = off`)
  await sql`select pg_reload_conf()`
  await sql.end()
}

/**
 * Starts the Postgres that all test files of a package share, once, with a migrated database that
 * theirs are copies of. vitest calls it before and, with what it returns, after all files.
 */
export async function setup(): Promise<() => Promise<void>> {
  // Each database on a coordinator is made anew, because a copy would have no tables on the workers.
  if (process.env['TEST_CITUS_URL']) return async () => {}
  const isGiven = process.env['TEST_DATABASE_URL'] !== undefined
  const server = isGiven ? undefined : await joinTestServer()
  if (server) {
    process.env['TEST_DATABASE_URL'] = server.databaseUrl
    await forgetDurability(server.address)
  }
  const template = await newDatabase()
  process.env[TEMPLATE] = template.address.database
  return async () => {
    await template.drop()
    await server?.leave()
    await server?.stop()
  }
}
