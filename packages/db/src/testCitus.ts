import type { Address } from './connection/address.ts'
import { connectTo, databaseAt } from './connection/client.ts'
import { migrate } from './connection/migrate.ts'
import { distribute } from './distribution/distribute.ts'

/**
 * What a new database of a test has: the tables of a board, which are distributed if the server is a
 * coordinator; the same tables on one server; or no tables.
 */
export type DatabaseKind = 'board' | 'local' | 'empty'

interface Node {
  host: string
  port: number
  isCoordinator: boolean
  hasRows: boolean
}

/**
 * Makes a database on a Citus coordinator and its workers, and returns what drops it. `server` is a
 * database of the coordinator that has all workers.
 */
export async function makeCitusDatabase(
  server: Address,
  name: string,
  kind: DatabaseKind,
): Promise<{ address: Address; drop: () => Promise<void> }> {
  const turn = connectTo(server, undefined, undefined, { connections: 1 })
  // Two nodes that are added at once change the same rows of the cluster.
  await turn`select pg_advisory_lock(1)`
  try {
    return await makeIn(server, name, kind)
  } finally {
    await turn.end()
  }
}

async function makeIn(server: Address, name: string, kind: DatabaseKind) {
  const nodes = await nodesOf(server)
  const on = ({ isCoordinator, host, port }: Node): Address => {
    return isCoordinator ? server : { ...server, host, port }
  }
  await Promise.all(nodes.map((node) => createOn(on(node), name)))
  const address = { ...server, database: name }
  const sql = connectTo(address)
  for (const { isCoordinator, host, port, hasRows } of nodes) {
    await (isCoordinator
      ? sql`select citus_set_coordinator_host(${host}, ${port})`
      : sql`select citus_add_node(${host}, ${port})`)
    await sql`select citus_set_node_property(${host}, ${port}, 'shouldhaveshards', ${hasRows})`
  }
  await sql.end()
  const db = databaseAt(address)
  if (kind !== 'empty') await migrate(db)
  if (kind === 'board') await distribute(db)
  await db.close()
  const drop = async (): Promise<void> => {
    // The workers' databases are in use until that of the coordinator is gone.
    for (const node of nodes) {
      const admin = connectTo(on(node))
      await admin.unsafe(`drop database if exists ${name} with (force)`)
      await admin.end({ timeout: 2 })
    }
  }
  return { address, drop }
}

async function nodesOf(server: Address): Promise<Node[]> {
  const sql = connectTo(server)
  const nodes = await sql<Node[]>`
    select nodename as host, nodeport as port, groupid = 0 as "isCoordinator",
      shouldhaveshards as "hasRows"
    from pg_dist_node where noderole = 'primary' order by groupid`
  await sql.end()
  return nodes
}

async function createOn(node: Address, name: string): Promise<void> {
  const admin = connectTo(node)
  await admin.unsafe(`create database ${name}`)
  await admin.end()
  const sql = connectTo({ ...node, database: name })
  await sql`create extension citus`
  await sql.end()
}
