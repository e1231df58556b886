import { createHash } from 'node:crypto'
import { eq, inArray, lt, sql } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import { clock } from '../rows/clock.ts'
import { signInTries } from '../schema.ts'

/** So many tries to sign in may fail within this time (ms). */
export const TRIES = {
  /** As one account from one address. */
  pair: 10,
  /** From one address. */
  address: 50,
  /** As one account from anywhere. It is high, because strangers can use it up. */
  account: 100,
  within: 15 * 60_000,
}

/** Who tries to sign in as whom. */
export interface Attempt {
  email: string
  /** The address of the network. */
  address: string
}

/**
 * Counts a try before it is made, so that tries at the same time count, too. Returns whether it is
 * allowed. The counts are in the database, so they outlive the process.
 */
export async function beginTry(db: Database, attempt: Attempt): Promise<boolean> {
  const isOver = lt(signInTries.since, sql`${clock} - ${TRIES.within}::float8`)
  await db.orm.delete(signInTries).where(isOver)
  const { key } = signInTries
  const counts = await Promise.all(
    keysOf(attempt).map(async (one) => {
      // Refused tries do not count, so that the account opens again in time.
      const set = { tries: sql`least(${signInTries.tries} + 1, ${one.most + 1})` }
      const counting = db.orm.insert(signInTries).values({ key: one.key, tries: 1, since: clock })
      const [row] = await counting
        .onConflictDoUpdate({ target: key, set })
        .returning({ tries: signInTries.tries })
      return (row?.tries ?? 0) <= one.most
    }),
  )
  return counts.every(Boolean)
}

/** Takes back a try that succeeded. */
export async function forgetTry(db: Database, attempt: Attempt): Promise<void> {
  const [pair, ...others] = keysOf(attempt).map(({ key }) => key)
  await db.orm.delete(signInTries).where(eq(signInTries.key, pair ?? ''))
  await db.orm
    .update(signInTries)
    .set({ tries: sql`${signInTries.tries} - 1` })
    .where(inArray(signInTries.key, others))
}

function keysOf({ email, address }: Attempt): { key: string; most: number }[] {
  const [account, network] = [email.trim().toLowerCase(), networkOf(address)]
  const key = (...words: string[]) => createHash('sha256').update(words.join('\n')).digest('hex')
  return [
    { key: key('pair', account, network), most: TRIES.pair },
    { key: key('address', network), most: TRIES.address },
    { key: key('account', account), most: TRIES.account },
  ]
}

/** One household or machine has a whole /64 of IPv6. */
function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=[\d.]+$)/, '')
  if (!plain.includes(':')) return plain
  const [head = '', tail] = plain.split('::')
  const [first, last] = [head, tail ?? ''].map((part) => part.split(':').filter(Boolean))
  const zeros = Array<string>(8 - (first?.length ?? 0) - (last?.length ?? 0)).fill('0')
  return [...(first ?? []), ...zeros, ...(last ?? [])].slice(0, 4).join(':')
}
