import { getTableName, type Logger } from 'drizzle-orm'
import { DISTRIBUTED, placementOf, TABLES } from './distribution/placement.ts'

const VOLATILE = /clock_timestamp|random|gen_random_uuid|nextval|pg_notify/i
/** Its rows are those of two distributed tables. */
const VIEW = 'series_pieces'
const oneOf = (names: readonly string[]) => `"?\\b(?:${names.join('|')})\\b"?`
const SPREAD = oneOf([...DISTRIBUTED, VIEW])
const names = TABLES.map((table) => getTableName(table))
const LOCAL = oneOf(names.filter((name) => placementOf(name) === 'local'))

const UPDATED = new RegExp(`^(?:update|delete from) ${SPREAD}`, 'i')
const INSERTED = new RegExp(`^insert into ${SPREAD}`, 'i')
const LOCKED = new RegExp(`\\bfrom ${SPREAD}.* for (?:no key )?update`, 'i')
const FROM = new RegExp(`(?<!distinct )\\b(?:from|join|using|update) (?:lateral )?${SPREAD}`, 'gi')
const OF_LOCAL = new RegExp(`\\bfrom ${LOCAL}`, 'i')
const BY_JOB = /\bjob_id"? (?:=|in|not in)/gi

/** Its caller sends the parts apart where a server refuses them together. */
const FALLS_BACK = /^insert into "hosts"/

/**
 * Why Citus would refuse a statement if the tables of jobs were distributed; undefined if it is
 * allowed. It knows the kinds of statements that were refused so far.
 */
export function refusalOf(statement: string): string | undefined {
  const text = plain(statement)
  const parts = partsOf(text)
  return (
    writeRefusal(text) ??
    insertRefusal(text) ??
    updateRefusal(text, parts) ??
    lockRefusal(text) ??
    joinRefusal(parts)
  )
}

/** Without the contents of strings, and with one space between words. */
function plain(statement: string): string {
  return statement
    .replace(/'[^']*'/g, "''")
    .replace(/\s+/g, ' ')
    .trim()
}

/** The text of each query within a statement without those in it: subqueries first, the whole last. */
function partsOf(text: string): string[] {
  const parts: string[] = []
  let rest = text
  for (;;) {
    const found = /\(([^()]*)\)/.exec(rest)
    if (!found) return [...parts, rest]
    const [whole, content = ''] = found
    const isQuery = /^ ?select\b/i.test(content)
    if (isQuery) parts.push(content)
    rest = rest.replace(whole, () => (isQuery ? ' ' : ` ${content} `))
  }
}

function writeRefusal(text: string): string | undefined {
  if (!UPDATED.test(text) && !INSERTED.test(text)) return undefined
  const [before = '', returning = ''] = text.split(/\breturning\b/i)
  if (UPDATED.test(text) && VOLATILE.test(before)) return 'volatile function in an update'
  if (VOLATILE.test(returning)) return 'volatile function in returning'
  if (VOLATILE.test(before.split(/\bdo update\b/i)[1] ?? ''))
    return 'volatile function in a conflict'
  return undefined
}

/** Also a local table cannot be filled from distributed ones, nor return what it reads there. */
function insertRefusal(text: string): string | undefined {
  if (!/^insert\b/i.test(text) || FALLS_BACK.test(text)) return undefined
  const [before = '', returning = ''] = text.split(/\breturning\b/i)
  if (INSERTED.test(text) && /\bvalues\b.*\( ?select\b/i.test(before)) return 'subquery in values'
  return count(returning, FROM) > 0 ? 'subquery in returning' : undefined
}

/** A subquery of the coordinator is computed once, so it cannot read the row that is changed. */
function updateRefusal(text: string, parts: readonly string[]): string | undefined {
  const [, table = '', alias = table] =
    /^(?:update|delete from) "?(\w+)"?(?: as "?(\w+)"?)?/i.exec(text) ?? []
  if (!UPDATED.test(text)) return undefined
  const row = new RegExp(`(?<![\\w.])"?${alias}"?\\.`)
  const isLinked = parts.slice(0, -1).some((part) => OF_LOCAL.test(part) && row.test(part))
  return isLinked ? 'local table that is linked to the changed row' : undefined
}

function lockRefusal(text: string): string | undefined {
  return LOCKED.test(text) && !/job_id"? = \$/.test(text) ? 'lock without a job' : undefined
}

/** Tables are joined where the rows of a job are, so each but the first needs its job. */
function joinRefusal(parts: readonly string[]): string | undefined {
  const tables = parts.map((part) => count(part, FROM))
  if (tables.reduce((sum, one) => sum + one, 0) < 2) return undefined
  const isApart = parts.some((part, index) => {
    const free = index === parts.length - 1 ? 1 : 0
    return count(part, BY_JOB) < (tables[index] ?? 0) - free
  })
  return isApart ? 'join that is not by job' : undefined
}

const count = (part: string, what: RegExp): number => part.match(what)?.length ?? 0

/** Notes what an ORM sends, for a test database. */
export class Statements implements Logger {
  readonly seen = new Set<string>()

  logQuery(statement: string): void {
    this.seen.add(statement)
  }

  /** Throws if a server of several could not run one of them. */
  assertAllowed(): void {
    const refused = [...this.seen].flatMap((one) => {
      const refusal = refusalOf(one)
      return refusal === undefined ? [] : [`${refusal}: ${one}`]
    })
    if (refused.length > 0)
      throw new Error(`Citus refuses these statements:\n${refused.join('\n')}`)
  }
}
