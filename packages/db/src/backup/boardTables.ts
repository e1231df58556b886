import { getTableName, is } from 'drizzle-orm'
import { PgTable } from 'drizzle-orm/pg-core'
import type { SqlTx } from '../connection/migrate.ts'
import * as schema from '../schema.ts'
import type { SequenceValue } from '@bestmark/core'

/** The names of all tables of a board in this version, with the list of its migrations. */
export const BOARD_TABLES: readonly string[] = [
  'migrations',
  ...Object.values(schema).flatMap((one: unknown) => (is(one, PgTable) ? [getTableName(one)] : [])),
].sort()

/** A table that exists in the database. */
export interface StoredTable {
  name: string
  /** Without generated columns, which cannot be written. */
  columns: string[]
}

/** Those of some tables that exist, each after the tables that its foreign keys need. */
export async function storedTables(tx: SqlTx, names: readonly string[]): Promise<StoredTable[]> {
  const tables = await tx<StoredTable[]>`
    select relname as name, (
      select json_agg(attname order by attnum) from pg_attribute
      where attrelid = pg_class.oid and attnum > 0 and not attisdropped and attgenerated = ''
    ) as columns
    from pg_class
    where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p')
      and relname in (select json_array_elements_text(${JSON.stringify(names)}::text::json))
    order by relname`
  const keys = await tx<{ from: string; to: string }[]>`
    select conrelid::regclass::text as from, confrelid::regclass::text as to
    from pg_constraint where contype = 'f' and connamespace = current_schema()::regnamespace`
  return inOrder(tables, keys)
}

/** Tables in an order in which they can be filled. Foreign keys of a board form no circle. */
function inOrder(
  tables: readonly StoredTable[],
  keys: readonly { from: string; to: string }[],
): StoredTable[] {
  const ordered = new Map<string, StoredTable>()
  const add = (table: StoredTable): void => {
    if (ordered.has(table.name)) return
    for (const { to } of keys.filter(({ from }) => from === table.name)) {
      const needed = tables.find(({ name }) => name === to)
      if (needed && needed !== table) add(needed)
    }
    ordered.set(table.name, table)
  }
  tables.forEach(add)
  return [...ordered.values()]
}

/** The last numbers of all identity columns of some tables. */
export async function sequenceValues(
  tx: SqlTx,
  tables: readonly StoredTable[],
): Promise<SequenceValue[]> {
  const names = JSON.stringify(tables.map(({ name }) => name))
  return tx<SequenceValue[]>`
    select relname as table, attname as column, pg_sequence_last_value(
      pg_get_serial_sequence(quote_ident(relname), attname)::regclass)::float8 as value
    from pg_attribute join pg_class on attrelid = pg_class.oid
    where relnamespace = current_schema()::regnamespace and attidentity <> ''
      and relname in (select json_array_elements_text(${names}::text::json))
      and pg_sequence_last_value(
        pg_get_serial_sequence(quote_ident(relname), attname)::regclass) is not null
    order by relname, attname`
}

/** A name as a quoted identifier. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** The text of a COPY of a table, without its direction. */
export function copyOf({ name, columns }: StoredTable): string {
  return `copy ${quoted(name)} (${columns.map(quoted).join(', ')})`
}
