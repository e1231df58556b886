import { getTableColumns, type SQL, sql } from 'drizzle-orm'
import type { PgTable } from 'drizzle-orm/pg-core'
import { arrayText } from '../values/arrayText.ts'

/**
 * Rows for `insert … select`, in the order of the table's columns: one parameter per column, so a
 * statement is the same for any number of rows. Postgres reads an array of texts slowly, so bytes of
 * all rows are one parameter, from which each row takes its part.
 */
export function unnested<Table extends PgTable>(
  table: Table,
  rows: readonly Table['$inferInsert'][],
): SQL {
  const [arrays, names, taken]: [SQL[], string[], SQL[]] = [[], [], []]
  const add = (name: string, type: string, values: readonly unknown[]): SQL => {
    arrays.push(sql`${arrayText(values)}::text::${sql.raw(type)}[]`)
    names.push(name)
    return sql`${sql.identifier(name)}`
  }
  const fields = rows.map((row) => new Map<string, unknown>(Object.entries(row)))
  for (const [key, column] of Object.entries(getTableColumns(table))) {
    const type = column.getSQLType()
    const values = fields.map((row) => {
      const value = row.get(key) ?? null
      return value === null ? null : column.mapToDriverValue(value)
    })
    if (type !== 'bytea') taken.push(add(column.name, type, values))
    else {
      const parts = values.map((part) => (Buffer.isBuffer(part) ? part : null))
      const lengths = parts.map((part) => part && part.length)
      let end = 0
      const starts = lengths.map((length) => (end += length ?? 0) - (length ?? 0) + 1)
      const from = add(`${column.name}_from`, 'int', starts)
      const length = add(`${column.name}_for`, 'int', lengths)
      const bytes = Buffer.concat(parts.filter((part) => part !== null))
      taken.push(sql`substring(${bytes}::bytea from ${from} for ${length})`)
    }
  }
  const as = sql.join(
    names.map((name) => sql.identifier(name)),
    sql`, `,
  )
  return sql`select ${sql.join(taken, sql`, `)}
    from unnest(${sql.join(arrays, sql`, `)}) as row (${as})`
}
